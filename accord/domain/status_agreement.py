"""Whether what Blume and the RIS show of one visit can both be true."""

from enum import StrEnum

from accord.domain.status_tables import TABLE, canonical
from accord.domain.statuses import Canonical, StatusTable, System, SystemStatus, normalised


class Agreement(StrEnum):
    """What a pair of statuses says about a visit."""

    AGREE = "agree"
    IN_FLIGHT = "in flight"  # asked again until its deadline; then it is drift
    UNDOCUMENTED = "undocumented"  # nobody says what Blume shows: reported, never fixed
    DRIFT = "drift"


class NotComparable(Exception):
    """The pair is not one Blume status and one status of the RIS."""


_C = Canonical

AGREEING: frozenset[tuple[str, Canonical]] = frozenset(
    {
        ("REQUESTED", _C.REQUESTED),
        ("PENDING", _C.SCHEDULED_UNCONFIRMED),
        ("PENDING", _C.WAITLISTED),
        ("SCHEDULED", _C.CONFIRMED),
        ("SCHEDULED", _C.ARRIVED),
        ("SCHEDULED", _C.READY),
        ("SCHEDULED", _C.IN_EXAM),
        ("CANCELLED", _C.CANCELLED),
        ("CANCELLED", _C.NO_SHOW),
        ("COMPLETED", _C.COMPLETED),
    }
)

IN_FLIGHT: frozenset[tuple[str, Canonical]] = frozenset(
    {
        ("PENDING", _C.CONFIRMED),
        ("SCHEDULED", _C.SCHEDULED_UNCONFIRMED),
        ("REQUESTED", _C.CONFIRMED),
    }
)

AFTER_A_RESCHEDULE: frozenset[tuple[str, Canonical]] = frozenset(
    {("REQUESTED", _C.SCHEDULED_UNCONFIRMED)}
)
"""The vendor's own exception; without a reschedule the pair is drift."""

UNDOCUMENTED: frozenset[Canonical] = frozenset(
    {_C.ON_HOLD, _C.DISCONTINUED, _C.REJECTED, _C.NEED_RESCHEDULE}
)
"""States of the RIS for which no page says what Blume shows (docs/open-questions.md)."""

_RIS = frozenset({System.POWERSERVER, System.OMEGAAI, System.SCHEDULER, System.DICOM})


def agree(
    blume: SystemStatus, ris: SystemStatus, *, reschedule: bool, table: StatusTable = TABLE
) -> Agreement:
    """
    Judge one pair of statuses, read for the same visit at about the same time.

    A word that may stand for several states takes the kindest verdict among them.

    Args:
        reschedule: whether this visit has an open reschedule request.

    Raises:
        NotComparable: `blume` is not Blume's, or `ris` not the RIS's.
        UnknownStatus: a word without a row in `table`.

    Source: docs/sources.md#status-matrix
    """
    if blume.system is not System.BLUME or ris.system not in _RIS:
        raise NotComparable(
            f"cannot compare {blume.system} with {ris.system}; give Blume's status first"
        )
    canonical(blume.system, blume.status, table=table)  # an unknown word is refused, not judged
    states = canonical(ris.system, ris.status, table=table) - {_C.RESCHEDULE_REQUESTED}
    states = states or frozenset({_C.SCHEDULED_UNCONFIRMED})
    verdicts = {_judge(normalised(blume.status), state, reschedule) for state in states}
    return next(verdict for verdict in Agreement if verdict in verdicts)


def _judge(blume: str, state: Canonical, reschedule: bool) -> Agreement:
    pair = (blume, state)
    if pair in AGREEING or (reschedule and pair in AFTER_A_RESCHEDULE):
        return Agreement.AGREE
    if pair in IN_FLIGHT:
        return Agreement.IN_FLIGHT
    return Agreement.UNDOCUMENTED if state in UNDOCUMENTED else Agreement.DRIFT
