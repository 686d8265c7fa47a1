"""
The official status table and what stands beside it, as data.

Sources: docs/sources.md#official-status-table, #status-side-by-side, #study-status-values.
"""

from accord.domain.statuses import (
    Canonical,
    Evidence,
    StatusTable,
    System,
    SystemStatus,
    rows_of,
)

VERSION = "2026-11"
"""Changes whenever a row does; reports and certificates name it."""

OFFICIAL_SOURCE = "official-status-table"
SIDE_BY_SIDE_SOURCE = "status-side-by-side"
VALUES_SOURCE = "study-status-values"

OFFICIAL: tuple[tuple[str, str, str], ...] = (
    # RIS workflow step,  FHIR Appointment,  Blume
    ("Ordered", "proposed", "Requested"),
    ("Scheduled", "pending", "Pending"),
    ("Waitlist", "waitlist", "Pending"),
    ("Confirmed", "booked", "Scheduled"),
    ("Arrived", "arrived", "Scheduled"),
    ("Ready for scan", "checked-in", "Scheduled"),
    ("No Show", "noshow", "Cancelled"),
    ("Cancelled", "cancelled", "Cancelled"),
    ("Completed", "fulfilled", "Completed"),
)
"""Vendor's own table, row by row. Source: docs/sources.md#official-status-table [D]."""

_C = Canonical
_D, _S, _A = Evidence.DOCUMENTED, Evidence.STANDARD, Evidence.ASSUMED

_RIS_STEPS = {
    "Ordered": [_C.REQUESTED],
    "Scheduled": [_C.SCHEDULED_UNCONFIRMED, _C.RESCHEDULE_REQUESTED],
    "Waitlist": [_C.WAITLISTED],
    "Confirmed": [_C.CONFIRMED],
    "Arrived": [_C.ARRIVED],
    "Ready for scan": [_C.READY],
    "No Show": [_C.NO_SHOW],
    "Cancelled": [_C.CANCELLED],
    "Completed": [_C.COMPLETED],
}
_RIS_DURING_EXAM = {"Started": [_C.IN_EXAM], "In Progress": [_C.IN_EXAM]}
_AFTER_EXAM = ("Verified", "To be amended", "Dictated", "Transcribed", "Signed")
_OWN_ROWS = {"Hold": [_C.ON_HOLD], "Rejected": [_C.REJECTED]}

TABLE = StatusTable(
    version=VERSION,
    rows=(
        *rows_of(System.POWERSERVER, _RIS_STEPS, _D, OFFICIAL_SOURCE),
        *rows_of(System.POWERSERVER, _RIS_DURING_EXAM, _D, VALUES_SOURCE),
        *rows_of(
            System.POWERSERVER,
            {
                "Cancelled w/ notice": [_C.CANCELLED],
                "Need to reschedule": [_C.NEED_RESCHEDULE],
                "Exam completed": [_C.COMPLETED],
                "Discontinued": [_C.DISCONTINUED],
                "Exam discontinued": [_C.DISCONTINUED],
                **_OWN_ROWS,
                **{
                    word: [_C.COMPLETED]
                    for word in (*_AFTER_EXAM, "Preliminary", "Read", "Reported", "Approved")
                },
            },
            _A,
            SIDE_BY_SIDE_SOURCE,
        ),
        *rows_of(System.SCHEDULER, _RIS_STEPS, _D, OFFICIAL_SOURCE),
        *rows_of(
            System.SCHEDULER,
            {"Requested": [_C.REQUESTED, _C.RESCHEDULE_REQUESTED]},
            _D,
            SIDE_BY_SIDE_SOURCE,
        ),
        *rows_of(
            System.OMEGAAI,
            {
                **_RIS_STEPS,
                "Requested": [_C.REQUESTED, _C.RESCHEDULE_REQUESTED],
                "Started": [_C.IN_EXAM],
                "Inprogress": [_C.IN_EXAM],
                "Exam completed": [_C.COMPLETED],
                "Exam discontinued": [_C.DISCONTINUED],
                **_OWN_ROWS,
            },
            _D,
            VALUES_SOURCE,
        ),
        *rows_of(
            System.OMEGAAI,
            {word: [_C.COMPLETED] for word in (*_AFTER_EXAM, "Faxed", "Prior")},
            _D,
            VALUES_SOURCE,
        ),
        *rows_of(
            System.BLUME,
            {
                "Requested": [_C.REQUESTED, _C.RESCHEDULE_REQUESTED],
                "Pending": [_C.SCHEDULED_UNCONFIRMED, _C.WAITLISTED],
                "Scheduled": [_C.CONFIRMED, _C.ARRIVED, _C.READY, _C.IN_EXAM],
                "Cancelled": [_C.CANCELLED, _C.NO_SHOW],
                "Completed": [_C.COMPLETED],
            },
            _D,
            OFFICIAL_SOURCE,
        ),
        *rows_of(
            System.FHIR,
            {
                "proposed": [_C.REQUESTED, _C.RESCHEDULE_REQUESTED],
                "pending": [_C.SCHEDULED_UNCONFIRMED],
                "waitlist": [_C.WAITLISTED],
                "booked": [_C.CONFIRMED],
                "arrived": [_C.ARRIVED],
                "checked-in": [_C.READY, _C.IN_EXAM],
                "noshow": [_C.NO_SHOW],
                "cancelled": [_C.CANCELLED],
                "fulfilled": [_C.COMPLETED],
            },
            _D,
            OFFICIAL_SOURCE,
        ),
        *rows_of(
            System.HL7,
            {
                "Pending": [_C.REQUESTED, _C.SCHEDULED_UNCONFIRMED, _C.RESCHEDULE_REQUESTED],
                "Waitlist": [_C.WAITLISTED],
                "Booked": [_C.CONFIRMED, _C.ARRIVED],
                "Started": [_C.READY, _C.IN_EXAM],
                "Complete": [_C.COMPLETED],
                "Cancelled": [_C.CANCELLED],
                "Noshow": [_C.NO_SHOW],
                "Discontinued": [_C.DISCONTINUED],
            },
            _S,
            SIDE_BY_SIDE_SOURCE,
        ),
        *rows_of(
            System.DICOM,
            {
                "ORDERED": [_C.REQUESTED],
                "SCHEDULED": [_C.SCHEDULED_UNCONFIRMED, _C.RESCHEDULE_REQUESTED],
                "CONFIRMED": [_C.CONFIRMED],
                "ARRIVED": [_C.ARRIVED],
                "CANCELLED": [_C.CANCELLED],
                "READYFORSCAN": [_C.READY],
                "STARTED": [_C.IN_EXAM],
                "INPROGRESS": [_C.IN_EXAM],
                "EXAMCOMPLETED": [_C.COMPLETED],
                "COMPLETED": [_C.COMPLETED],
                "DISCONTINUED": [_C.DISCONTINUED],
                "HOLD": [_C.ON_HOLD],
                "REJECTED": [_C.REJECTED],
                "VERIFIED": [_C.COMPLETED],
                "TO BE AMENDED": [_C.COMPLETED],
                "DICTATED": [_C.COMPLETED],
                "TRANSCRIBED": [_C.COMPLETED],
                "SIGNED": [_C.COMPLETED],
                "PRIOR": [_C.COMPLETED],
            },
            _D,
            SIDE_BY_SIDE_SOURCE,
        ),
    ),
)
"""Every word we know, by system. IMPORT, UNUSED and QA/QC say nothing of an appointment."""


def canonical(system: System, status: str, *, table: StatusTable = TABLE) -> frozenset[Canonical]:
    """
    Give every state that a system's word may stand for, by the table of an organization.

    Raises:
        UnknownStatus: the table has no row for the word.

    Source: docs/sources.md#official-status-table
    """
    return table.means(SystemStatus.of(system, status))
