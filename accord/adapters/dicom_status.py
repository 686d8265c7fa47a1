"""What a DIMSE status means for what the caller does next."""

from collections.abc import Callable

from accord.adapters.errors import Malformed, PeerError, Phase, Rejected, Unavailable

SUCCESS = 0x0000
PENDING = frozenset({0xFF00, 0xFF01})
CANCELLED = 0xFE00
UNPERFORMED = 0xA702  # a retrieval of which no object could be sent
DUPLICATE = 0x0111  # "duplicate SOP instance": the very object is there already
WARNINGS = frozenset({0x0001, 0x0107, 0x0116})

_TIME_MAY_HEAL = frozenset({0x0213, CANCELLED})  # resource limitation; cancelled by the station
_FIXES = {
    0x0122: "the station does not support this SOP class",
    0x0124: "the station does not authorize us: let it accept our AE title for this service",
    0xA801: (
        "the station does not know our AE title as a move destination: add it to the station"
        " list with this machine's address and `dicom.move_port`, or set `dicom.retrieve: get`"
    ),
}


def code_of(status: int) -> str:
    """Write a status as people and conformance statements do."""
    return f"0x{status:04X}"


def is_warning(status: int) -> bool:
    """Tell whether the peer did it, with a remark."""
    return status in WARNINGS or 0xB000 <= status <= 0xBFFF


def is_out_of_resources(status: int) -> bool:
    """Tell whether the peer could not, for now."""
    return 0xA700 <= status <= 0xA7FF or status in _TIME_MAY_HEAL


def failure_of(status: int, doing: str) -> PeerError:
    """
    Give the error that a failure status stands for; `doing` names our request.

    The peer's error comment is left out: it may quote what we sent.

    Source: DICOM PS3.7 annex C, PS3.4 annexes B.2.3 and C.4
    """
    kind: Callable[[str, Phase, str], PeerError]
    if is_out_of_resources(status):
        kind, text = Unavailable, "the station is out of resources or cancelled"
    elif status in _FIXES:
        kind, text = Rejected, _FIXES[status]
    elif 0xA900 <= status <= 0xA9FF:
        kind, text = Rejected, "the station says our data set does not fit its SOP class"
    elif 0xC000 <= status <= 0xCFFF or 0x0100 <= status <= 0x02FF:
        kind, text = Rejected, "the station cannot process it"
    else:
        kind, text = Malformed, "the station answered with a status that the standard lacks"
    return kind(f"{doing}: {text}", Phase.PROCESS, code_of(status))
