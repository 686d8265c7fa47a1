"""The gate fails shut: what cannot be judged stops the run, and no value leaves it."""

import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest

from accord.quality.gate import CannotJudge, screen
from accord.quality.rules import (
    Check,
    Rule,
    Severity,
    Suite,
    between,
    is_true,
    matches,
    not_above,
    one_of,
    unique,
)


def a_rule(name: str, check: Check, severity: Severity = Severity.HOLDS) -> Rule:
    """Give a rule whose words do not matter."""
    return Rule(name, check, "Pede.", "Asks.", "Faça.", "Do.", severity)


def a_frame(**columns: list[object]) -> pd.DataFrame:
    """Give a frame with the keys k0, k1, …"""
    length = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=[f"k{i}" for i in range(length)])


def _batch(frame: pd.DataFrame) -> Any:
    """Give a frame to Great Expectations without the gate."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("m").add_dataframe_asset("f")
    return asset.add_batch_definition_whole_dataframe("w").get_batch(
        batch_parameters={"dataframe": frame}
    )


CHECKS = [
    pytest.param(is_true("a"), {"a": [True, False]}, id="is-true"),
    pytest.param(one_of("a", "x", "y"), {"a": ["x", "z"]}, id="one-of"),
    pytest.param(between("a", 1, 3), {"a": [3, 4]}, id="between"),
    pytest.param(between("a", None, 3.5), {"a": [-1.0, 3.6]}, id="no-lower-bound"),
    pytest.param(not_above("a", "b"), {"a": [5, 6], "b": [5, 5]}, id="not-above"),
    pytest.param(matches("a", r"^\d+$"), {"a": ["12", "1x"]}, id="matches"),
    pytest.param(
        is_true("a").only_where("b", True), {"a": [False, False], "b": [False, True]}, id="where"
    ),
    pytest.param(
        not_above("a", "b").only_where("c", True),
        {"a": [9, 9], "b": [5, 5], "c": [False, True]},
        id="where-pair",
    ),
    pytest.param(
        matches("a", "^x").only_where("b", True),
        {"a": ["y", "y"], "b": [False, True]},
        id="where-re",
    ),
    pytest.param(
        between("a", 1, None).only_where("b", "x"), {"a": [0, 0], "b": ["y", "x"]}, id="where-text"
    ),
]


@pytest.mark.parametrize(("check", "columns"), CHECKS)
def test_each_kind_of_check_names_the_row_that_breaks_it(
    check: Check, columns: dict[str, list[object]]
) -> None:
    """In each frame the second row is the wrong one."""
    verdict = screen(a_frame(**columns), Suite("s", (a_rule("r", check),)))
    assert verdict.passed == ["k0"]
    assert verdict.held == {"k1": ["r"]}


def test_rows_that_share_what_must_be_unique_are_all_held() -> None:
    """Nobody can say which of the two is right."""
    verdict = screen(a_frame(a=["x", "y", "x"]), Suite("s", (a_rule("r", unique("a")),)))
    assert verdict.held == {"k0": ["r"], "k2": ["r"]}


def test_an_index_may_have_a_name() -> None:
    """It changes the shape of what Great Expectations answers, and nothing here."""
    frame = a_frame(a=[True, False]).rename_axis(index="key")
    assert screen(frame, Suite("s", (a_rule("r", is_true("a")),))).held == {"k1": ["r"]}


def test_a_warning_is_named_and_passes() -> None:
    """Severity decides whether a row waits."""
    suite = Suite("s", (a_rule("w", is_true("a"), Severity.WARNS), a_rule("h", is_true("b"))))
    verdict = screen(a_frame(a=[False, False], b=[True, False]), suite)
    assert verdict.passed == ["k0"]
    assert verdict.warned == {"k0": ["w"], "k1": ["w"]}
    assert verdict.held == {"k1": ["h"]}


SUITE = Suite("s", (a_rule("positive", between("n", 1, None)),), may_be_empty=False)
NEVER_SAID = "Lagoa-4711"


@pytest.mark.parametrize(
    ("frame", "rule", "fix"),
    [
        pytest.param(a_frame(m=[1]), "columns-complete", "column n is missing", id="missing"),
        pytest.param(a_frame(n=[1, None]), "no-gaps", "column n has empty cells", id="gap"),
        pytest.param(
            pd.DataFrame({"n": [1, 2]}, index=["k", "k"]), "keys-unique", "no two alike", id="keys"
        ),
        pytest.param(pd.DataFrame({"n": [1]}), "keys-unique", "one text", id="keys-are-numbers"),
        pytest.param(pd.DataFrame({"n": []}), "not-empty", "no rows", id="empty"),
        pytest.param(a_frame(n=[NEVER_SAID, 1]), "positive", "check the types", id="not-evaluated"),
    ],
)
def test_a_frame_that_cannot_be_judged_stops_the_run(
    frame: pd.DataFrame, rule: str, fix: str
) -> None:
    """The error names the suite, the rule and the fix; it holds no value."""
    with pytest.raises(CannotJudge, match=fix) as refused:
        screen(frame, SUITE)
    assert (refused.value.suite, refused.value.rule) == ("s", rule)
    assert NEVER_SAID not in str(refused.value)
    assert refused.value.__cause__ is None
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


@pytest.mark.parametrize(
    ("rows", "before", "judged"),
    [
        pytest.param(5, 10, True, id="half"),
        pytest.param(4, 10, False, id="less-than-half"),
        pytest.param(4, None, True, id="no-yesterday"),
        pytest.param(3, 0, True, id="nothing-yesterday"),
        pytest.param(0, 10, False, id="nothing-today"),
    ],
)
def test_half_of_yesterdays_volume_is_the_least(
    rows: int, before: int | None, judged: bool
) -> None:
    """A peer that suddenly shows less than half is not believed."""
    frame = pd.DataFrame(
        {"n": [1] * rows}, index=pd.Index([f"k{i}" for i in range(rows)], dtype=str)
    )
    suite = Suite("s", (a_rule("positive", between("n", 1, None)),))
    if judged:
        assert len(screen(frame, suite, volume_before=before).passed) == rows
    else:
        with pytest.raises(CannotJudge, match="rows after 10 before"):
            screen(frame, suite, volume_before=before)


def _at_least(rows: int) -> Check:
    def build(gxe: Any, columns: Sequence[str], common: Mapping[str, Any]) -> Any:
        return gxe.ExpectTableRowCountToBeBetween(min_value=rows, **common)

    return Check(("n",), build)


def test_a_rule_that_judges_no_rows_is_not_believed() -> None:
    """A table's own expectation cannot say whom to hold, whatever it answers."""
    for least in (1, 9):
        with pytest.raises(CannotJudge, match="judges no rows"):
            screen(a_frame(n=[1]), Suite("s", (a_rule("r", _at_least(least)),)))


def test_a_rule_that_cannot_be_built_stops_the_run() -> None:
    """A mistake in a rule is no pass."""
    broken = Check(("n",), lambda gxe, columns, common: gxe.NoSuchExpectation(**common))
    with pytest.raises(CannotJudge, match="AttributeError"):
        screen(a_frame(n=[1]), Suite("s", (a_rule("r", broken),)))


def test_a_gap_would_pass_were_it_not_refused() -> None:
    """The guard removed: Great Expectations skips empty cells, so a row without a value passes."""
    import great_expectations.expectations as gxe

    batch = _batch(a_frame(n=[1, None]))
    assert batch.validate(gxe.ExpectColumnValuesToBeBetween(column="n", min_value=1)).success


def test_row_conditions_would_accuse_the_wrong_row() -> None:
    """Why the gate leaves gaps instead: Great Expectations 1.24.1 judges rows outside them."""
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    frame = a_frame(a=["x", "x", "x"], b=["y", "z", "y"], c=[True, False, True])
    result = _batch(frame).validate(
        gxe.ExpectColumnPairValuesToBeInSet(
            column_A="a",
            column_B="b",
            value_pairs_set=[("x", "y")],
            row_condition=Column("c") == True,  # noqa: E712 - it builds a condition
        )
    )
    assert not result.success


def test_a_rule_that_tolerates_some_broken_rows_is_not_believed() -> None:
    """Each row is judged by itself: `mostly` would let the minority through."""

    def build(gxe: Any, columns: Sequence[str], common: Mapping[str, Any]) -> Any:
        return gxe.ExpectColumnValuesToBeInSet(
            column=columns[0], value_set=[1], mostly=0.5, **common
        )

    suite = Suite("s", (a_rule("r", Check(("a",), build)),))
    with pytest.raises(CannotJudge, match="contradicts itself"):
        screen(a_frame(a=[1, 1, 2]), suite)


def test_two_rules_may_not_share_a_name() -> None:
    """A name is what a held row shows; it must mean one thing."""
    with pytest.raises(ValueError, match="two rules share one name"):
        Suite("s", (a_rule("r", is_true("a")), a_rule("r", is_true("b"))))


def test_threads_do_not_mix_up_their_frames() -> None:
    """Great Expectations keeps one global project; the gate takes one frame at a time."""
    suite = Suite("s", (a_rule("r", is_true("a")),))

    def judge(wrong: int) -> dict[str, list[str]]:
        return screen(a_frame(a=[i != wrong for i in range(8)]), suite).held

    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(judge, range(8)))
    assert held == [{f"k{i}": ["r"]} for i in range(8)]


def test_an_empty_sweep_never_loads_great_expectations() -> None:
    """Importing it costs seconds of CPU, every five minutes, for nothing."""
    program = """
import sys
import pandas as pd
from accord.quality.gate import screen
from accord.quality.submission_facts import DTYPES
from accord.quality.submissions import SUBMISSIONS
from accord.quality.plans import PLAN
from accord.quality.documents import DOCUMENTS
frame = pd.DataFrame(columns=list(DTYPES)).astype(DTYPES)
assert screen(frame, SUBMISSIONS).passed == []
assert not [name for name in sys.modules if name.startswith("great_expectations")]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


def test_nothing_is_printed_or_logged_while_judging(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No progress bar, no value of a row: a worker's output is kept by Prefect."""
    with pytest.raises(CannotJudge):
        screen(a_frame(n=[NEVER_SAID, 1]), SUITE)
    screen(a_frame(n=[1, 0]), SUITE)
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")
    assert NEVER_SAID not in caplog.text
