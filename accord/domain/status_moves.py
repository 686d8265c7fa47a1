"""
Which state follows which: explicit, never by the numbers.

CANCELLED 80 and NO SHOW 85 are not ahead of CONFIRMED 50, and EXAM COMPLETED 105 is not behind
INPROGRESS 115. Sources: docs/sources.md#study-status-values, #status-lattice.
"""

from enum import StrEnum

from accord.domain.base import Record
from accord.domain.statuses import Canonical, normalised


class Standing(StrEnum):
    """How one state stands to another on the path of a visit."""

    SAME = "same"
    AHEAD = "ahead"
    BEHIND = "behind"
    APART = "apart"  # neither leads to the other


class StudyStatus(Record):
    """One OmegaAI study status: its value and the values a person may move it to."""

    name: str
    value: int
    lowest: int
    highest: int
    """`lowest` = `highest` = 0: no manual move leads out."""


STUDY_STATUSES: tuple[StudyStatus, ...] = tuple(
    StudyStatus(name=name, value=value, lowest=lowest, highest=highest)
    for name, value, lowest, highest in (
        ("REQUESTED", 15, 30, 85),
        ("ORDERED", 20, 30, 70),
        ("SCHEDULED", 30, 40, 85),
        ("CONFIRMED", 50, 70, 105),
        ("ARRIVED", 70, 80, 120),
        ("CANCELLED", 80, 0, 0),
        ("NO SHOW", 85, 0, 0),
        ("READY FOR SCAN", 90, 100, 105),
        ("STARTED", 100, 105, 120),
        ("EXAM COMPLETED", 105, 110, 130),
        ("EXAM DISCONTINUED", 110, 0, 0),
        ("INPROGRESS", 115, 120, 160),
        ("COMPLETED", 120, 130, 170),
        ("IMPORT", 125, 0, 0),
        ("HOLD", 130, 140, 160),
        ("REJECTED", 140, 0, 0),
        ("VERIFIED", 160, 170, 200),
        ("TO BE AMENDED", 170, 180, 200),
        ("DICTATED", 180, 190, 200),
        ("TRANSCRIBED", 190, 200, 210),
        ("SIGNED", 200, 210, 210),
        ("PRIOR", 210, 0, 0),
        ("UNUSED", 1000, 0, 0),
        ("QA/QC", 1100, 0, 0),
    )
)
"""Source: docs/sources.md#study-status-values [D]. The values order nothing but manual edits."""

_BY_NAME = {normalised(status.name): status for status in STUDY_STATUSES}

_C = Canonical

STEPS: frozenset[tuple[Canonical, Canonical]] = frozenset(
    {
        (_C.REQUESTED, _C.SCHEDULED_UNCONFIRMED),
        (_C.REQUESTED, _C.WAITLISTED),
        (_C.WAITLISTED, _C.SCHEDULED_UNCONFIRMED),
        (_C.SCHEDULED_UNCONFIRMED, _C.CONFIRMED),
        (_C.CONFIRMED, _C.ARRIVED),
        (_C.ARRIVED, _C.READY),
        (_C.READY, _C.IN_EXAM),
        (_C.IN_EXAM, _C.COMPLETED),
    }
)
"""The path of a visit that goes well, step by step; all else is apart from it."""

MOVES: dict[Canonical, frozenset[Canonical]] = {
    _C.REQUESTED: frozenset(
        {
            _C.SCHEDULED_UNCONFIRMED,
            _C.WAITLISTED,
            _C.CONFIRMED,
            _C.ARRIVED,
            _C.READY,
            _C.NO_SHOW,
            _C.CANCELLED,
        }
    ),
    _C.WAITLISTED: frozenset({_C.SCHEDULED_UNCONFIRMED, _C.CONFIRMED, _C.CANCELLED}),
    _C.SCHEDULED_UNCONFIRMED: frozenset(
        {
            _C.CONFIRMED,
            _C.ARRIVED,
            _C.READY,
            _C.RESCHEDULE_REQUESTED,
            _C.NEED_RESCHEDULE,
            _C.NO_SHOW,
            _C.CANCELLED,
        }
    ),
    _C.CONFIRMED: frozenset(
        {
            _C.ARRIVED,
            _C.READY,
            _C.IN_EXAM,
            _C.RESCHEDULE_REQUESTED,
            _C.NEED_RESCHEDULE,
            _C.NO_SHOW,
            _C.CANCELLED,
        }
    ),
    _C.RESCHEDULE_REQUESTED: frozenset(
        {_C.SCHEDULED_UNCONFIRMED, _C.CONFIRMED, _C.NEED_RESCHEDULE, _C.CANCELLED}
    ),
    _C.NEED_RESCHEDULE: frozenset({_C.SCHEDULED_UNCONFIRMED, _C.CONFIRMED, _C.CANCELLED}),
    _C.ARRIVED: frozenset({_C.READY, _C.IN_EXAM, _C.COMPLETED, _C.CANCELLED}),
    _C.READY: frozenset({_C.IN_EXAM, _C.COMPLETED, _C.CANCELLED}),
    _C.IN_EXAM: frozenset({_C.COMPLETED, _C.DISCONTINUED, _C.ON_HOLD, _C.REJECTED}),
    _C.COMPLETED: frozenset({_C.ON_HOLD, _C.REJECTED}),
    _C.ON_HOLD: frozenset({_C.COMPLETED, _C.REJECTED}),
    _C.DISCONTINUED: frozenset(),
    _C.REJECTED: frozenset(),
    _C.NO_SHOW: frozenset(),
    _C.CANCELLED: frozenset(),
}
"""Moves we take for right when a system makes them, by where they start [D for the OmegaAI menu
and the dead ends, A for the rest]."""


def standing(of: Canonical, to: Canonical) -> Standing:
    """
    Tell how `of` stands to `to`: behind, ahead, the same, or apart.

    Source: docs/sources.md#status-lattice
    """
    if of is to:
        return Standing.SAME
    if to in _after(of):
        return Standing.BEHIND
    return Standing.AHEAD if of in _after(to) else Standing.APART


def may_move(current: Canonical, target: Canonical, *, reschedule: bool = False) -> bool:
    """
    Tell whether a visit may go from `current` to `target`; standing still is no move.

    Args:
        reschedule: a reschedule was asked for in this visit. Only then may Confirmed go back
            to Scheduled (docs/sources.md#reschedule).
    """
    if (current, target) == (_C.CONFIRMED, _C.SCHEDULED_UNCONFIRMED):
        return reschedule
    return target in MOVES[current]


def may_move_by_hand(current: str, target: str) -> bool:
    """
    Tell whether OmegaAI lets a person move a study from one status to another.

    Automation, DICOM ingestion and the appointments' synchronisation are not bound by it.

    Raises:
        KeyError: not one of OmegaAI's study statuses.

    Source: docs/sources.md#study-status-values
    """
    start, end = _BY_NAME[normalised(current)], _BY_NAME[normalised(target)]
    return start.lowest <= end.value <= start.highest


def _after(state: Canonical) -> frozenset[Canonical]:
    reached: set[Canonical] = set()
    frontier = {state}
    while frontier:
        frontier = {end for start, end in STEPS if start in frontier} - reached
        reached |= frontier
    return frozenset(reached)
