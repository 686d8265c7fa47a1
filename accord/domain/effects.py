from enum import StrEnum


class EffectState(StrEnum):
    """How far one intended change in one peer has come."""

    PLANNED = "planned"
    CLAIMED = "claimed"  # a worker means to send it; nothing has left
    SENT = "sent"  # committed before the first byte leaves: it may have arrived
    IN_DOUBT = "in doubt"  # sent, and no answer tells: look before anything else
    LANDED = "landed"  # the peer said yes
    VERIFIED = "verified"  # read back by another way; the only green
    UNVERIFIABLE = "unverifiable"  # the site offers no read-back: amber, never green
    REJECTED = "rejected"  # the peer refused; whether it is there all the same, a look tells
    HELD = "held"  # broke a rule of the gate
    PARKED = "parked"  # waits for a person
    DONE_BY_HAND = "done by hand"  # attested by a person
    SUPERSEDED = "superseded"  # no longer called for, or there already by another's hand


_S = EffectState

MOVES: frozenset[tuple[EffectState, EffectState]] = frozenset(
    {
        (_S.PLANNED, _S.CLAIMED),
        (_S.PLANNED, _S.HELD),
        (_S.PLANNED, _S.PARKED),
        (_S.PLANNED, _S.SUPERSEDED),
        (_S.CLAIMED, _S.SENT),
        (_S.CLAIMED, _S.PLANNED),  # the lease is over, or the worker itself proves it unsent
        (_S.CLAIMED, _S.SUPERSEDED),
        (_S.SENT, _S.LANDED),
        (_S.SENT, _S.REJECTED),
        (_S.SENT, _S.IN_DOUBT),
        (_S.IN_DOUBT, _S.LANDED),
        (_S.IN_DOUBT, _S.PLANNED),  # absent twice, and safe to repeat
        (_S.IN_DOUBT, _S.PARKED),
        (_S.LANDED, _S.VERIFIED),
        (_S.LANDED, _S.PARKED),  # not visible by its deadline
        (_S.LANDED, _S.UNVERIFIABLE),
        (_S.REJECTED, _S.LANDED),  # refused, and seen at the peer
        (_S.REJECTED, _S.PARKED),  # refused, and something like it stands elsewhere
        *(
            (stopped, after)
            for stopped in (_S.HELD, _S.PARKED, _S.REJECTED)
            for after in (_S.PLANNED, _S.DONE_BY_HAND, _S.SUPERSEDED)
        ),
    }
)
"""The only moves. The database enforces this very set (`accord.ledger`)."""

FINISHED: frozenset[EffectState] = frozenset(
    {_S.VERIFIED, _S.UNVERIFIABLE, _S.DONE_BY_HAND, _S.SUPERSEDED}
)
"""States that let the next effect of a chain be claimed. `landed` does too: see CLEARED."""

CLEARED: frozenset[EffectState] = FINISHED | {_S.LANDED}
"""A chain's head moves on once its effect is one of these: the peer has taken it, or it is over."""


class Rung(StrEnum):
    """How strong a verification is, best first (domain.md 5.1)."""

    BYTES = "bytes equal"
    CONTENT = "content equal"
    PRESENT = "present with the right type and owner"
    ATTESTED = "attested by a person"


class Intent(StrEnum):
    """What an effect means to change."""

    FILE_DOCUMENT = "file document"
    REPLACE_DOCUMENT = "replace document"
    WITHDRAW_DOCUMENT = "withdraw document"
    CREATE_RESOURCE = "create resource"
    UPDATE_RESOURCE = "update resource"
    RETIRE_RESOURCE = "retire resource"
    REGISTER_PATIENT = "register patient"
    PLACE_ORDER = "place order"
    CHANGE_ORDER = "change order"
    CANCEL_ORDER = "cancel order"
    BOOK_APPOINTMENT = "book appointment"
    CHANGE_APPOINTMENT = "change appointment"
    CANCEL_APPOINTMENT = "cancel appointment"
    REPEAT_DOCUMENT = "repeat document"


class Mode(StrEnum):
    """What Accord may do for one organization and process; read before every claim."""

    WATCH = "watch"  # writes nothing; says what it would do
    BACK_UP = "back-up"  # waits a grace time, then moves only what is missing
    DELIVER = "deliver"
