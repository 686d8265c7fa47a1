"""Findings that a site expects are told apart; entries that excuse nothing are told too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from accord.domain.expected_differences import ExpectedDifference
from accord.quality.resource_sides import matched_by


@dataclass(frozen=True)
class Weighed:
    """A frame of findings, split by the organization file's expected differences."""

    left: pd.DataFrame
    """What somebody has to see to."""
    excused: pd.DataFrame
    """What is expected, with the columns `reason` and `until`."""
    unused: tuple[ExpectedDifference, ...]
    """Entries whose difference is not there any more: to be taken out of the file."""
    expired: tuple[ExpectedDifference, ...]
    """Entries whose day is over; what they excused counts again."""


def weigh(
    findings: pd.DataFrame,
    expected: Iterable[ExpectedDifference],
    names: Mapping[str, str],
    today: date,
) -> Weighed:
    """
    Split findings by what is expected.

    Args:
        findings: as `accord.setup.parity.compare` gives them.
        names: slug -> name of each facility.
        today: the day in the site's own zone.
    """
    entries = list(expected)
    excuses = pd.DataFrame(
        {
            "number": range(len(entries)),
            "facility": [names.get(entry.facility, "") for entry in entries],
            "name": [entry.resource for entry in entries],
            "finding": [entry.finding.value for entry in entries],
            "reason": [entry.reason for entry in entries],
            "until": [entry.until.isoformat() for entry in entries],
            "stands": [entry.until >= today for entry in entries],
        }
    ).astype({"reason": "str", "until": "str", "stands": "bool"})
    excuses, keyed = _matched(excuses), _matched(findings)
    standing = excuses[excuses["stands"]].drop_duplicates("match")[["match", "reason", "until"]]
    joined = keyed.merge(standing, on="match", how="left", indicator=True)
    is_excused = joined["_merge"] == "both"
    columns = list(findings.columns)
    seen = set(keyed["match"])
    return Weighed(
        left=joined.loc[~is_excused, columns].reset_index(drop=True),
        excused=joined.loc[is_excused, [*columns, "reason", "until"]].reset_index(drop=True),
        unused=tuple(entries[n] for n in excuses.loc[~excuses["match"].isin(seen), "number"]),
        expired=tuple(entries[n] for n in excuses.loc[~excuses["stands"], "number"]),
    )


def _matched(frame: pd.DataFrame) -> pd.DataFrame:
    match = matched_by(frame["facility"], frame["name"]) + "\n" + frame["finding"].astype("str")
    return frame.assign(match=match)
