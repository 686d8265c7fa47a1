"""
What each visit's two sides say of one another: breaks, by their code, one row for each.

Left is PowerServer's side, right is OmegaAI's. Whole columns are compared; a status is judged once
for each different pair of words.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product

import numpy as np
import pandas as pd

from accord.domain.breaks import BreakCode
from accord.domain.status_agreement import UNDOCUMENTED
from accord.domain.status_moves import Standing, standing
from accord.domain.status_tables import TABLE, canonical
from accord.domain.statuses import Canonical, StatusTable, System, UnknownStatus
from accord.reconciliation.deciding import LEFT, RIGHT, Several, together
from accord.reconciliation.ladder import Matched
from accord.reconciliation.visits import is_said, plain

COLUMNS = ("code", "left", "right", "rung")
"""Of a frame of breaks; `left` and `right` are row numbers, -1 where a side has none."""
LONGEST_SHIFT = timedelta(hours=14)
"""No two time zones lie further apart than that and one of them in Brazil."""
_HOUR = 3_600_000_000  # microseconds
_C = BreakCode


def judge(
    left: pd.DataFrame, right: pd.DataFrame, matched: Matched, *, table: StatusTable = TABLE
) -> pd.DataFrame:
    """
    Give every break between two matched sides; none where they agree.

    A pair may have several. Of a pair whose patient differs nothing else is said: it may not be
    one visit at all.
    """
    pairs = matched.pairs
    sides = {
        side: frame.iloc[pairs[side].to_numpy()].reset_index(drop=True)
        for side, frame in ((LEFT, left), (RIGHT, right))
    }
    found = _differences(sides[LEFT], sides[RIGHT], table)
    of_pairs = [
        pairs[where].assign(code=code.value)[list(COLUMNS)] for code, where in found if where.any()
    ]
    return together([_empty(), *of_pairs, *_alone(matched), *_ambiguous(matched)]).astype(
        {"left": "int64", "right": "int64"}
    )


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in COLUMNS})


def _differences(
    left: pd.DataFrame, right: pd.DataFrame, table: StatusTable
) -> Iterable[tuple[BreakCode, np.ndarray]]:
    stranger = _differ(left, right, "patient") | _differ(left, right, "issuer")
    known = ~stranger
    shifted, moved = _times(left["start"], right["start"])
    yield _C.PATIENT_DIFFERS, stranger
    yield _C.FACILITY_DIFFERS, known & _differ(left, right, "facility", caseless=True)
    yield _C.TIME_SHIFTED, known & shifted
    yield _C.TIME_DIFFERS, known & moved
    yield _C.RESOURCE_DIFFERS, known & _differ(left, right, "resource")
    for code, where in _statuses(left, right, table):
        yield code, known & where


def _differ(
    left: pd.DataFrame, right: pd.DataFrame, column: str, *, caseless: bool = False
) -> np.ndarray:
    """Say where both sides say something, and not the same."""
    ours, theirs = (plain(side[column]) for side in (left, right))
    both_say = is_said(left[column]) & is_said(right[column])
    differ: np.ndarray = both_say & np.asarray(ours != theirs, dtype=bool)
    if caseless and differ.any():
        folded = [side.loc[differ, column].str.casefold() for side in (left, right)]
        differ[differ] = plain(folded[0]) != plain(folded[1])
    return differ


def _times(left: pd.Series, right: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Say where times differ by whole hours, as with a wrong zone, and where otherwise."""
    both = (left.notna() & right.notna()).to_numpy(dtype=bool)
    apart = np.zeros(len(left), dtype=np.int64)
    apart[both] = np.abs(
        left[both].astype("int64").to_numpy() - right[both].astype("int64").to_numpy()
    )
    differs = apart != 0
    most = int(LONGEST_SHIFT / timedelta(microseconds=1))
    shifted = differs & (apart % _HOUR == 0) & (apart <= most)
    return shifted, differs & ~shifted


def _statuses(
    left: pd.DataFrame, right: pd.DataFrame, table: StatusTable
) -> Iterable[tuple[BreakCode, np.ndarray]]:
    """Judge each different pair of words once, and give that verdict to all rows that have it."""
    words = [pd.factorize(side["status"]) for side in (left, right)]
    asked = (left["reschedule"] | right["reschedule"]).to_numpy(dtype=bool)
    (left_codes, left_words), (right_codes, right_words) = words
    if not len(left_codes):
        return
    combined = (left_codes * len(right_words) + right_codes) * 2 + asked
    present, where = np.unique(combined, return_inverse=True)
    verdicts = [
        status_break(
            str(left_words[number // 2 // len(right_words)]),
            str(right_words[number // 2 % len(right_words)]),
            reschedule=bool(number % 2),
            table=table,
        )
        for number in present
    ]
    for code in BreakCode:
        hit = np.array([verdict is code for verdict in verdicts], dtype=bool)
        if hit.any():
            yield code, hit[where]


def status_break(
    powerserver: str, omegaai: str, *, reschedule: bool, table: StatusTable = TABLE
) -> BreakCode | None:
    """
    Judge one pair of statuses, DICOM's word at PowerServer and FHIR's at OmegaAI; None: they agree.

    A word that may stand for several states takes the kindest verdict among them.

    Args:
        reschedule: whether the patient asked for another time: only then may they be apart so.
    """
    try:
        left = canonical(System.DICOM, powerserver, table=table)
        right = canonical(System.FHIR, omegaai, table=table)
    except UnknownStatus:
        return _C.STATUS_UNMAPPED
    if left & UNDOCUMENTED:
        return _C.STATUS_UNDOCUMENTED
    if not reschedule:  # the vendor's own exception, and only where it was asked for
        left, right = (states - {Canonical.RESCHEDULE_REQUESTED} for states in (left, right))
    verdicts = {_of_states(a, b) for a, b in product(left, right)}
    return next(verdict for verdict in _KINDEST_FIRST if verdict in verdicts)


_KINDEST_FIRST = (None, _C.STATUS_AHEAD, _C.STATUS_BEHIND, _C.STATUS_CONFLICT)


def _of_states(left: Canonical, right: Canonical) -> BreakCode | None:
    match standing(left, right):
        case Standing.SAME:
            return None
        case Standing.BEHIND:
            return _C.STATUS_BEHIND
        case Standing.AHEAD:
            return _C.STATUS_AHEAD
        case _:
            return _C.STATUS_CONFLICT


def _alone(matched: Matched) -> Iterable[pd.DataFrame]:
    for code, side, rows in (
        (_C.MISSING_IN_OMEGAAI, LEFT, matched.only_left),
        (_C.MISSING_IN_POWERSERVER, RIGHT, matched.only_right),
    ):
        if len(rows):
            yield _on_one_side(code.value, side, rows, "")


_SEVERAL = {
    Several.LEFT: _C.DUPLICATE_IN_POWERSERVER,
    Several.RIGHT: _C.DUPLICATE_IN_OMEGAAI,
    Several.BOTH: _C.AMBIGUOUS,
}


def _ambiguous(matched: Matched) -> Iterable[pd.DataFrame]:
    unclear = matched.ambiguous
    for (several, side), its in unclear.groupby(["several", "side"], sort=True):
        code = _SEVERAL[Several(str(several))].value
        yield _on_one_side(code, str(side), its["row"].to_numpy(), its["rung"].to_numpy())


def _on_one_side(code: str, side: str, rows: np.ndarray, rung: np.ndarray | str) -> pd.DataFrame:
    other = RIGHT if side == LEFT else LEFT
    frame = pd.DataFrame({side: rows, other: -1, "rung": rung, "code": code})
    return frame[list(COLUMNS)]
