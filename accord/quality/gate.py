"""
The gate at every seam: rows that break a rule are held and never stop the others.

It fails shut. A frame that cannot be judged stops the run instead of letting rows through, and
nothing but keys, names of rules and names of columns ever leaves it.
"""

import logging
import threading
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd

from accord.domain.base import Record
from accord.quality.rules import Rule, Severity, Suite

LEAST_SHARE = 0.5  # of yesterday's volume; less is a peer that shows us half
_one_at_a_time = threading.Lock()  # Great Expectations keeps one global project


class CannotJudge(Exception):
    """A frame cannot be judged: nothing of it may pass. Names the suite, the rule and the fix."""

    def __init__(self, suite: str, rule: str, fix: str) -> None:
        super().__init__(suite, rule, fix)
        self.suite, self.rule, self.fix = suite, rule, fix

    def __str__(self) -> str:
        return f"suite {self.suite}, rule {self.rule}: {self.fix}"


class Verdict(Record):
    """What the gate says of a frame, by key, each in the frame's order."""

    passed: list[str]
    held: dict[str, list[str]] = {}
    """Key -> names of the rules it breaks; the first is the reason."""
    warned: dict[str, list[str]] = {}
    """Key -> names of warning rules it breaks; such rows pass unless held as well."""


def screen(frame: pd.DataFrame, suite: Suite, *, volume_before: int | None = None) -> Verdict:
    """
    Hold the rows of `frame` that break a rule of `suite`; pass the others.

    The frame's index is an opaque key for each row. An empty frame costs nothing: Great
    Expectations (seconds of CPU to import) is not loaded for it.

    Args:
        volume_before: rows of the same seam when it was last judged whole, where known. Less
            than half of it stops the run.

    Raises:
        CannotJudge: a column is missing or has gaps, keys are not unique, the frame is empty
            where it may not be or far too small, or a rule could not be evaluated.
    """
    _fit_to_judge(frame, suite, volume_before)
    if frame.empty:
        return Verdict(passed=[])
    judged = _judged(frame, suite)
    with _one_at_a_time:
        results = _validate(judged, suite)
    broken = [
        (rule, _broken_rows(rule, results, suite, judged.exempt[rule.name])) for rule in suite.rules
    ]
    held, warned = (_by_key(frame, broken, severity) for severity in Severity)
    return Verdict(passed=[key for key in frame.index if key not in held], held=held, warned=warned)


def _fit_to_judge(frame: pd.DataFrame, suite: Suite, volume_before: int | None) -> None:
    """Refuse a frame whose rows the rules would pass unseen."""
    for column in suite.columns:
        if column not in frame.columns:
            fix = f"column {column} is missing; give an empty frame its columns too"
            raise CannotJudge(suite.name, "columns-complete", fix)
        if frame[column].isna().any():
            fix = f"column {column} has empty cells, which rules would skip; fill them"
            raise CannotJudge(suite.name, "no-gaps", fix)
    if not frame.index.is_unique or not all(isinstance(key, str) for key in frame.index):
        fix = "the index must be one text for each row, and no two alike"
        raise CannotJudge(suite.name, "keys-unique", fix)
    if frame.empty and not suite.may_be_empty:
        fix = "no rows; check that the account may read them, and the window"
        raise CannotJudge(suite.name, "not-empty", fix)
    if volume_before is not None and len(frame) < volume_before * LEAST_SHARE:
        fix = (
            f"{len(frame)} rows after {volume_before} before; check the account's rights and "
            "the peer's search, then run again"
        )
        raise CannotJudge(suite.name, "volume", fix)


class _Judged(NamedTuple):
    """A frame as Great Expectations gets it: only what rules read, and gaps where none asks."""

    frame: pd.DataFrame
    columns: dict[str, tuple[str, ...]]
    """Rule -> names of the columns it judges here."""
    exempt: dict[str, int]
    """Rule -> how many rows its condition leaves out."""


def _judged(frame: pd.DataFrame, suite: Suite) -> _Judged:
    """
    Leave gaps in the rows that a rule's condition leaves out; gaps are not judged.

    Great Expectations' own row conditions cost as much as the rules and are wrong for some of
    them (1.24.1); gaps are counted afterwards, so that none passes by mistake.
    """
    judged = {column: frame[column] for column in suite.columns}
    columns, exempt = {}, {}
    for rule in suite.rules:
        names, where = rule.check.columns, rule.check.where
        exempt[rule.name] = 0
        if where:
            asked = frame[where[0]] == where[1]
            exempt[rule.name] = int((~asked).sum())
            names = tuple(f"{name}, {where[0]} {where[1]}" for name in names)
            for name, column in zip(names, rule.check.columns, strict=True):
                judged[name] = frame[column].where(asked)
        columns[rule.name] = names
    # a named index would come back in another shape
    return _Judged(pd.DataFrame(judged).rename_axis(index=None), columns, exempt)


def _validate(judged: _Judged, suite: Suite) -> dict[str, Any]:
    """Evaluate all rules; results by rule. They come back in any order, hence `meta`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies' own affairs
        import great_expectations as gx  # seconds of CPU: only where rows wait
        import great_expectations.expectations as gxe
        from great_expectations.data_context.types.base import ProgressBarsConfig

        for name in ("great_expectations", "great_expectations.data_context.types.base"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # its errors quote rows
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        batch = (
            context.data_sources.add_pandas("memory")
            .add_dataframe_asset(suite.name)
            .add_batch_definition_whole_dataframe("whole")
            .get_batch(batch_parameters={"dataframe": judged.frame})
        )
        try:
            outcome = batch.validate(
                gx.ExpectationSuite(
                    name=suite.name, expectations=_expectations(gxe, judged, suite)
                ),
                result_format={"result_format": "COMPLETE", "exclude_unexpected_values": True},
            )
        except Exception as error:
            # its texts may quote values: only the kind of error is told
            fix = f"the suite could not be evaluated ({type(error).__name__}); mend its rules"
            raise CannotJudge(suite.name, "all", fix) from None
    return {
        result.expectation_config.meta["rule"]: result
        for result in outcome.results
        if result.expectation_config and result.expectation_config.meta
    }


def _expectations(gxe: ModuleType, judged: _Judged, suite: Suite) -> list[Any]:
    return [
        rule.check.build(
            gxe,
            judged.columns[rule.name],
            {"meta": {"rule": rule.name}, "severity": rule.severity.value},
        )
        for rule in suite.rules
    ]


def _broken_rows(
    rule: Rule, results: Mapping[str, Any], suite: Suite, exempt: int
) -> Sequence[str]:
    """Name the rows that break a rule; anything but a clear answer is no pass."""
    result = results.get(rule.name)
    if result is None or _raised(result.exception_info):
        fix = "the rule could not be evaluated; check the types of its columns"
        raise CannotJudge(suite.name, rule.name, fix)
    rows = result.result.get("unexpected_index_list")
    if rows is None or not all(isinstance(row, str) for row in rows):
        raise CannotJudge(suite.name, rule.name, "the rule judges no rows; it must name keys")
    if result.success is not (not rows) or result.result.get("missing_count") != exempt:
        raise CannotJudge(suite.name, rule.name, "the rule's answer contradicts itself")
    return list(rows)


def _raised(exception_info: Mapping[str, Any]) -> bool:
    """Tell whether a rule failed to run; the shape differs when several parts of it did."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return bool(exception_info)


def _by_key(
    frame: pd.DataFrame, broken: list[tuple[Rule, Sequence[str]]], severity: Severity
) -> dict[str, list[str]]:
    by_key: dict[str, list[str]] = {}
    for rule, keys in broken:
        if rule.severity is severity:
            for key in keys:
                by_key.setdefault(key, []).append(rule.name)
    return {key: by_key[key] for key in frame.index if key in by_key}
