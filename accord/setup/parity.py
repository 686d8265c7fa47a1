"""
Are both sides set up alike? A full outer match of two frames of resources, column by column.

Resource names must be exactly equal; facilities are compared without case, since PowerServer
upper-cases them (docs/sources.md#parity).
"""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from accord.domain.parity import WORDS, Finding
from accord.quality.resource_sides import matched_by
from accord.setup.sides import DTYPES

COLUMNS = ("facility", "name", "finding", "weight", "powerserver", "omegaai", "where")
"""Of a frame of findings; the values of both sides, and where a person finds them."""
_F = Finding


def compare(powerserver: pd.DataFrame, omegaai: pd.DataFrame) -> pd.DataFrame:
    """
    Give every difference between two sides' frames, one row each; none if they are alike.

    The order of the rows does not matter.
    """
    return differences(join(powerserver, omegaai))


class Joined(NamedTuple):
    """Two sides matched row by row, and the rows that cannot be: their names stand twice."""

    rows: pd.DataFrame
    """Columns of both sides, ending `_ps` and `_oai`; `match`, and which sides: `_merge`."""
    twice: dict[str, pd.DataFrame]
    """By side: rows that share a name with another of their side."""


def join(powerserver: pd.DataFrame, omegaai: pd.DataFrame) -> Joined:
    """Match two sides' frames in full: what only one side has stays, with gaps for the other."""
    sides = {"powerserver": _keyed(powerserver), "omegaai": _keyed(omegaai)}
    doubled = {name: side.duplicated("match", keep=False) for name, side in sides.items()}
    single = {name: side[~doubled[name]] for name, side in sides.items()}
    rows = single["powerserver"].merge(
        single["omegaai"], on="match", how="outer", suffixes=("_ps", "_oai"), indicator=True
    )
    return Joined(rows, {name: side[doubled[name]] for name, side in sides.items()})


def differences(joined: Joined) -> pd.DataFrame:
    """
    Give every difference that two matched sides show, one row each.

    Names that stand twice on one side cannot be matched and are findings of their own.
    """
    both = joined.rows
    twice = pd.concat(joined.twice.values())["match"]
    alone = both[~both["match"].isin(twice)]
    pairs = both[both["_merge"] == "both"]
    found = [
        *(_twice(name, rows) for name, rows in joined.twice.items()),
        _alone(alone[alone["_merge"] == "left_only"], "ps", _F.ONLY_IN_POWERSERVER),
        _alone(alone[alone["_merge"] == "right_only"], "oai", _F.ONLY_IN_OMEGAAI),
        *_unlike_pairs(pairs),
    ]
    return _ordered(found)


def _keyed(side: pd.DataFrame) -> pd.DataFrame:
    """Add what two sides are matched by."""
    tidy = side.reset_index(drop=True)
    return tidy.assign(match=matched_by(tidy["facility"], tidy["name"]))


def _unlike_pairs(pairs: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """Compare matched pairs; `both` keeps the order of the columns' weight for a reader."""
    ps = {column: pairs[f"{column}_ps"] for column in DTYPES}
    oai = {column: pairs[f"{column}_oai"] for column in DTYPES}
    varied = oai["hours"].map(_is_varied).astype(bool)
    other_hours = ~_fits(ps["hours"], oai["hours"]) & ~varied
    yield _pairs(pairs, "name", ps["name"] != oai["name"], _F.NAME_CASE)
    yield _pairs(pairs, "modalities", ps["modalities"] != oai["modalities"], _F.MODALITIES)
    yield _pairs(pairs, "hours", varied, _F.NOT_REPRESENTABLE)
    yield _pairs(pairs, "hours", other_hours, _F.HOURS)
    yield _pairs(pairs, "minutes", _unlike(ps["minutes"], oai["minutes"]), _F.DURATION)
    yield _pairs(pairs, "active", oai["active"].eq(False).fillna(False), _F.INACTIVE)
    overbooked = _unlike(ps["overbooking"], oai["overbooking"])
    yield _pairs(pairs, "overbooking", overbooked, _F.OVERBOOKING)


def _unlike(left: pd.Series, right: pd.Series) -> pd.Series:
    """Say where two columns differ; what one side does not say is a difference too."""
    same = (left == right).fillna(False) | (left.isna() & right.isna())
    return ~same.astype(bool)


def _is_varied(hours: str) -> bool:
    """Say whether working hours are not the same on all days that are worked."""
    return len({day.partition(" ")[2] for day in _days(hours)}) > 1


def _fits(powerserver: pd.Series, omegaai: pd.Series) -> pd.Series:
    """Say where OmegaAI's working days all have PowerServer's one pair of hours."""
    one, days = powerserver.map(_spans), omegaai.map(_spans)
    return pd.Series(
        [bool(a) and bool(b) and b <= a for a, b in zip(one, days, strict=True)],
        index=powerserver.index,
        dtype=bool,
    )


def _spans(hours: str) -> frozenset[str]:
    return frozenset(day.partition(" ")[2] for day in _days(hours))


def _days(hours: str) -> list[str]:
    words = hours.split()
    return [f"{day} {span}" for day, span in zip(words[::2], words[1::2], strict=True)]


def _pairs(pairs: pd.DataFrame, column: str, where: pd.Series, finding: Finding) -> pd.DataFrame:
    found = pairs[where.to_numpy(dtype=bool)]
    return pd.DataFrame(
        {
            "facility": found["facility_ps"],
            "name": found["name_ps"],
            "finding": finding.value,
            "powerserver": found[f"{column}_ps"].astype("string").fillna(""),
            "omegaai": found[f"{column}_oai"].astype("string").fillna(""),
            "where": found["source_ps"] + ", " + found["source_oai"],
        }
    )


def _alone(rows: pd.DataFrame, side: str, finding: Finding) -> pd.DataFrame:
    names = rows[f"name_{side}"].astype("string")
    return pd.DataFrame(
        {
            "facility": rows[f"facility_{side}"],
            "name": names,
            "finding": finding.value,
            "powerserver": names if side == "ps" else "",
            "omegaai": names if side == "oai" else "",
            "where": rows[f"source_{side}"],
        }
    )


def _twice(side: str, rows: pd.DataFrame) -> pd.DataFrame:
    names = rows["name"].astype("string")
    return pd.DataFrame(
        {
            "facility": rows["facility"],
            "name": names,
            "finding": _F.NAME_TWICE.value,
            "powerserver": names if side == "powerserver" else "",
            "omegaai": names if side == "omegaai" else "",
            "where": rows["source"],
        }
    )


def _ordered(found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    frame = pd.concat(list(found), ignore_index=True)
    weights = {finding.value: words.weight.value for finding, words in WORDS.items()}
    frame = frame.assign(weight=frame["finding"].map(weights))
    return frame.sort_values(["facility", "name", "finding", "where"], ignore_index=True)[
        list(COLUMNS)
    ].astype("str")
