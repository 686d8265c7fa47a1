"""Keeping one submission's trouble to itself."""

from collections.abc import Awaitable
from typing import TypeVar

from accord.adapters.errors import UNFORESEEN, Malformed, Phase, Rejected, Unavailable
from accord.adapters.fhir_absence import NotFound
from accord.adapters.fhir_capability import NotOffered
from accord.adapters.fhir_elements import Misshapen, NeighbourMisshapen
from accord.adapters.omegaai_attachments import Differs
from accord.domain.forms import UnreadableReason

Given = TypeVar("Given")

_REASONS: tuple[tuple[type[Exception], UnreadableReason], ...] = (
    (NotFound, UnreadableReason.NOT_FOUND),
    (NotOffered, UnreadableReason.NOT_OFFERED),
    (Rejected, UnreadableReason.REFUSED),
    (Unavailable, UnreadableReason.FAILS),
    (Malformed, UnreadableReason.MALFORMED),
    (Differs, UnreadableReason.ATTACHMENT_DIFFERS),
    (NeighbourMisshapen, UnreadableReason.NEIGHBOUR_MISSHAPEN),
    (Misshapen, UnreadableReason.MISSHAPEN),
)
"""The first that fits names the trouble: the narrower stands before the wider."""


async def contained(reading: Awaitable[Given]) -> Given | UnreadableReason:
    """
    Await what is read for one submission alone; its failure becomes the reason it is unreadable.

    Raises:
        Unavailable: there was no connection, or nobody to sign us in: that is everybody's.
    """
    try:
        return await reading
    except (NotFound, NotOffered, Rejected, Malformed, Differs, Misshapen) as error:
        return _reason_of(error)
    except Unavailable as error:
        if error.phase is not Phase.PROCESS:
            raise
        return _reason_of(error)
    except UNFORESEEN:
        return UnreadableReason.MISSHAPEN


def _reason_of(error: Exception) -> UnreadableReason:
    return next(reason for kind, reason in _REASONS if isinstance(error, kind))
