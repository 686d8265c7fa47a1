"""What a look at the peer means for an effect that is not finished: a pure decision."""

from datetime import datetime
from enum import StrEnum

from accord.domain.base import Record
from accord.domain.effects import EffectState, Rung
from accord.domain.sites import RelayTimings
from accord.domain.wires import ReadBack

NOT_VISIBLE = "not-visible"
ABSENT_TWICE = "absent-twice"
NO_READ_BACK = "no-read-back"
LOOK_BY_HAND = "look-by-hand"
FILED_ELSEWHERE = "filed-elsewhere"


class Open(Record):
    """An effect that left us and is not finished."""

    state: EffectState
    """LANDED, IN_DOUBT or REJECTED."""
    sent_at: datetime
    landed_at: datetime | None = None
    absent_at: datetime | None = None
    """When a look first found nothing."""
    safe_to_repeat: bool = False
    """Whether the peer takes the same effect twice without harm (our id decides there)."""


class Look(Record):
    """What looking gave."""

    rung: Rung | None
    """How surely it was found; None: not found."""
    alive: bool
    """Whether the same way of reading found another object that is known to be there."""
    elsewhere: bool = False
    """Not found where it belongs; under its title something stands with another type."""


class Step(StrEnum):
    """What to do with the effect now."""

    STAY = "stay"
    NOTE_ABSENCE = "note absence"  # in doubt: the first of two looks that find nothing
    VERIFY = "verify"
    RESEND = "resend"
    PARK = "park"
    MARK_UNVERIFIABLE = "mark unverifiable"


class Settlement(Record):
    """The step and its reason."""

    step: Step
    reason: str = ""
    unproven: bool = False
    """It would have been settled, had the way of reading been proven alive: alert once."""


STAY = Settlement(step=Step.STAY)


def settle(
    effect: Open, look: Look, *, now: datetime, timings: RelayTimings, read_back: ReadBack
) -> Settlement:
    """
    Decide what becomes of a landed, doubtful or refused effect after a look at the peer.

    In doubt leaves only by presence, or by absence seen twice, the first time after
    `settle_after`, over a way of reading that is proven alive by finding another known object.
    A refusal is the peer's own word for the absence: it is believed once a look finds nothing when
    what was taken would have to be visible.
    """
    if look.rung is not None:
        return Settlement(step=Step.VERIFY)
    if read_back is not ReadBack.DICOM:
        return _without_read_back(effect, read_back)
    if look.elsewhere:
        return Settlement(step=Step.PARK, reason=FILED_ELSEWHERE)
    if effect.state is EffectState.LANDED:
        return _landed(effect, look, now, timings)
    return _maybe_absent(effect, look, now, timings)


def _without_read_back(effect: Open, read_back: ReadBack) -> Settlement:
    if effect.state is EffectState.REJECTED:
        return STAY  # the peer's word is all there is
    if effect.state is EffectState.IN_DOUBT:
        reason = LOOK_BY_HAND if read_back is ReadBack.PERSON else NO_READ_BACK
        return Settlement(step=Step.PARK, reason=reason)
    if read_back is ReadBack.PERSON:
        return STAY  # until a person attests it
    return Settlement(step=Step.MARK_UNVERIFIABLE, reason=NO_READ_BACK)


def _landed(effect: Open, look: Look, now: datetime, timings: RelayTimings) -> Settlement:
    if now - (effect.landed_at or effect.sent_at) < timings.visible_within:
        return STAY
    if not look.alive:
        return Settlement(step=Step.STAY, unproven=True)
    return Settlement(step=Step.PARK, reason=NOT_VISIBLE)


def _maybe_absent(effect: Open, look: Look, now: datetime, timings: RelayTimings) -> Settlement:
    is_refused = effect.state is EffectState.REJECTED
    if now - effect.sent_at < (timings.visible_within if is_refused else timings.settle_after):
        return STAY
    if not look.alive:
        return Settlement(step=Step.STAY, unproven=True)
    if effect.absent_at is None:
        return Settlement(step=Step.NOTE_ABSENCE)
    if is_refused:
        return STAY
    if now - effect.absent_at < timings.settle_again:
        return STAY
    if effect.safe_to_repeat:
        return Settlement(step=Step.RESEND, reason=ABSENT_TWICE)
    return Settlement(step=Step.PARK, reason=ABSENT_TWICE)
