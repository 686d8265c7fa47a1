"""A site's acceptance run: its synthetic patient, its steps, and what became of each."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, field_validator

from accord.domain.base import Record
from accord.domain.orders import Physician

NAME = r"^[A-Z][A-Z0-9 .-]{0,63}$"
"""Capitals without accents: what comes back is compared with it, and PowerServer upper-cases."""


class Route(StrEnum):
    """What may be tried at a PowerServer."""

    ADT = "ADT"
    ORM = "ORM"
    SIU = "SIU"
    T02 = "T02"
    REPEAT = "repeat"  # the same message once more, by its MSH-10
    T10 = "T10"
    T11 = "T11"
    C_STORE = "C-STORE"


class Acceptance(Record):
    """
    The synthetic patient with whom a site is walked, and what is tried with them.

    Nobody real may have this number with this issuer: where PowerServer shows it under another
    name, the walk stops before it writes anything.
    """

    number: str = Field(default="ACCORD-TEST", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """The patient's number; the issuer is the facility's."""
    family: str = Field(default="TESTE", pattern=NAME)
    given: str = Field(default="ACCORD", pattern=NAME)
    round: int = Field(default=1, ge=1, le=9999)
    """Raise it to walk the site anew: after an update of PowerServer or of its channel, or to try
    what an earlier walk has passed by."""
    tries: frozenset[Route] = frozenset(Route) - {Route.C_STORE}
    """What is tried. C-STORE may complete the synthetic study and leaves a document that only a
    person can remove, so it is asked for here."""
    modality: str = Field(default="OT", pattern=r"^[A-Z0-9]{1,16}$")
    procedure: str = Field(default="ACCORD-TEST", pattern=r"^[A-Za-z0-9._-]{1,20}$")
    """Code of a study type that the site has for tests (OBR-4)."""
    procedure_name: str = Field(default="TESTE ACCORD", pattern=NAME)
    referring: Physician = Physician(family="TESTE", given="ACCORD")
    """PowerServer wants one for a booking; a site may need one that it knows."""
    days_ahead: int = Field(default=7, ge=1, le=365)
    """How far ahead the synthetic study is ordered, counted from the order's first sending."""
    wait: timedelta = Field(default=timedelta(minutes=1), gt=timedelta(0))
    """How long each step is looked for before it counts as unproven."""

    @field_validator("tries")
    @classmethod
    def _has_a_ground(cls, value: frozenset[Route]) -> frozenset[Route]:
        later = value & {Route.REPEAT, Route.T10, Route.T11}
        if later and Route.T02 not in value:
            raise ValueError("repeat, T10 and T11 need a document to be about: add T02")
        return value


class Step(StrEnum):
    """One thing that the walk does, in its order."""

    PATIENT = "patient"
    ORDER = "order"
    SCHEDULING = "scheduling"
    APPOINTMENT = "appointment"
    CONFIRMATION = "confirmation"
    REGISTRATION = "registration"
    CLINICAL = "clinical"
    REPEAT = "repeat"
    REPLACEMENT = "replacement"
    MISTAKE = "mistake"  # a document filed to be withdrawn
    WITHDRAWAL = "withdrawal"
    STORED = "stored"
    # once the person who watches has looked
    REMOVE_REGISTRATION = "remove-registration"
    REMOVE_REPLACEMENT = "remove-replacement"
    REMOVE_CLINICAL = "remove-clinical"
    CANCELLATION = "cancellation"
    APPOINTMENT_CANCELLED = "appointment-cancelled"


class Outcome(StrEnum):
    """What a step showed. Only `accepted` ever becomes a capability."""

    ACCEPTED = "accepted"  # seen by another way than the one that wrote it
    REFUSED = "refused"  # the peer's answer, and nothing of it is there
    UNPROVEN = "unproven"  # taken or unanswered, and never seen
    HARMFUL = "harmful"  # seen, and it changed what it must not, or came twice
    CONTRADICTORY = "contradictory"  # refused, and done all the same
    IN_DOUBT = "in doubt"  # sent, and no answer tells: run again, it will be looked for
    WAITING = "waiting"  # planned, and not sent: the mode, or another run
    NOT_TRIED = "not tried"


OVER = frozenset(
    {
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.UNPROVEN,
        Outcome.HARMFUL,
        Outcome.CONTRADICTORY,
    }
)


class Harm(StrEnum):
    """What a step did beside what it was meant to; codes of the ledger's evidence."""

    STATUS_MOVED = "status-moved"
    PHANTOM_STUDY = "phantom-study"
    TWICE = "twice"
    OLD_ONE_STAYS = "old-one-stays"


class Remark(StrEnum):
    """What is told beside an outcome, and harms nothing by itself."""

    DOCUMENTS_ONLY_STUDY = "documents-only-study"


class Tried(Record):
    """One step as the ledger knows it; no patient data: an opaque key, codes and counts."""

    step: Step
    outcome: Outcome
    key: str = ""
    answer: str = ""
    """The peer's own code: AA, AE, AR, 0x0000; '' where none came."""
    rung: str = ""
    seen: str = ""
    """What was read back: a status, how many copies."""
    harms: tuple[Harm, ...] = ()
    remarks: tuple[Remark, ...] = ()
