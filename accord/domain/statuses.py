"""
Statuses of appointments and studies, always as (system, status).

"Scheduled" means unconfirmed in the RIS and confirmed in Blume: a bare text never travels.
The rows stand in `status_tables`, the matrix in `status_agreement`, the order in `status_moves`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import field_validator

from accord.domain.base import Record


class System(StrEnum):
    """Who speaks; each has its own words."""

    BLUME = "Blume"
    SCHEDULER = "OmegaAI scheduler"  # the appointment in OmegaAI's scheduler
    OMEGAAI = "OmegaAI study"  # the study status in OmegaAI's worklist
    POWERSERVER = "PowerServer"
    FHIR = "FHIR Appointment"
    HL7 = "HL7 SCH-25"  # table 0278
    DICOM = "DICOM (0032,000A)"


class Evidence(StrEnum):
    """How sure a row is; the labels of docs/sources.md."""

    DOCUMENTED = "D"
    STANDARD = "S"
    ASSUMED = "A"


class Canonical(StrEnum):
    """Our own words for where a visit stands."""

    REQUESTED = "requested"
    SCHEDULED_UNCONFIRMED = "scheduled, unconfirmed"
    WAITLISTED = "waitlisted"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    READY = "ready"
    IN_EXAM = "in exam"
    COMPLETED = "completed"
    RESCHEDULE_REQUESTED = "reschedule requested"
    NEED_RESCHEDULE = "needs to be rescheduled"  # PowerServer only
    NO_SHOW = "no show"
    CANCELLED = "cancelled"
    ON_HOLD = "on hold"
    DISCONTINUED = "discontinued"
    REJECTED = "rejected"


class UnknownStatus(Exception):
    """The table of this organization has no row for a status that a system shows."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self.system = system

    def __str__(self) -> str:
        return (
            f"{self.system} shows a status without a row in the status table; "
            "add a row for it to the organization's table"
        )


class SystemStatus(Record):
    """
    A status together with the system that says it.

    Spelling is normalised: upper case, no spaces, so that DICOM's READYFORSCAN and the
    worklist's "Ready For Scan" are one.
    """

    system: System
    status: str

    @field_validator("status")
    @classmethod
    def _normalised(cls, value: str) -> str:
        return normalised(value)

    @classmethod
    def of(cls, system: System, status: str) -> "SystemStatus":
        """Pair a text with the system that showed it."""
        return cls(system=system, status=status)


class StatusRow(Record):
    """One system's word for one or more canonical states."""

    at: SystemStatus
    means: frozenset[Canonical]
    evidence: Evidence
    source: str
    """Heading in docs/sources.md."""


class StatusTable(Record):
    """A versioned table of statuses; an organization may override rows of the official one."""

    version: str
    rows: tuple[StatusRow, ...]

    def overridden(self, organization: str, rows: Iterable[StatusRow]) -> "StatusTable":
        """Replace or add `rows` for one organization; the version says whose table it is."""
        by_status: dict[tuple[System, str], StatusRow] = {
            (row.at.system, row.at.status): row for row in (*self.rows, *rows)
        }
        return StatusTable(version=f"{self.version}+{organization}", rows=tuple(by_status.values()))

    def means(self, status: SystemStatus) -> frozenset[Canonical]:
        """
        Give every state that a system's word may stand for.

        Blume's "Scheduled" stands for confirmed, arrived, ready and in exam alike, so the
        answer is a set; one element means no doubt.

        Raises:
            UnknownStatus: no row; the site has words of its own.
        """
        for row in self.rows:
            if row.at == status:
                return row.means
        raise UnknownStatus(status.system)


def normalised(status: str) -> str:
    """Give the spelling in which statuses are compared: upper case, without spaces."""
    return "".join(status.split()).upper()


def rows_of(
    system: System,
    words: Mapping[str, Iterable[Canonical]],
    evidence: Evidence,
    source: str,
) -> tuple[StatusRow, ...]:
    """Write one system's words as rows of one evidence and one source."""
    return tuple(
        StatusRow(
            at=SystemStatus.of(system, word),
            means=frozenset(states),
            evidence=evidence,
            source=source,
        )
        for word, states in words.items()
    )
