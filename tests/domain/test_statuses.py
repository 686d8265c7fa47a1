"""The status tables, transcribed a second time by hand from docs/sources.md."""

import pickle

import pytest

from accord.domain.status_agreement import Agreement, NotComparable, agree
from accord.domain.status_moves import (
    MOVES,
    STUDY_STATUSES,
    Standing,
    may_move,
    may_move_by_hand,
    standing,
)
from accord.domain.status_tables import OFFICIAL, TABLE, VERSION, canonical
from accord.domain.statuses import (
    Canonical,
    Evidence,
    StatusRow,
    System,
    SystemStatus,
    UnknownStatus,
    rows_of,
)

C = Canonical
S = System

OFFICIAL_BY_HAND = """
Ordered        | proposed   | Requested
Scheduled      | pending    | Pending
Waitlist       | waitlist   | Pending
Confirmed      | booked     | Scheduled
Arrived        | arrived    | Scheduled
Ready for scan | checked-in | Scheduled
No Show        | noshow     | Cancelled
Cancelled      | cancelled  | Cancelled
Completed      | fulfilled  | Completed
"""


def _official() -> list[tuple[str, ...]]:
    lines = OFFICIAL_BY_HAND.strip().splitlines()
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def test_the_official_table_is_the_vendors_row_by_row() -> None:
    """Nine rows, three systems."""
    assert list(OFFICIAL) == _official()


@pytest.mark.parametrize(("ris", "fhir", "blume"), _official())
def test_each_row_of_the_official_table_has_one_meaning_in_common(
    ris: str, fhir: str, blume: str
) -> None:
    """What three systems say of one visit shares at least one canonical state."""
    shared = canonical(S.POWERSERVER, ris) & canonical(S.FHIR, fhir) & canonical(S.BLUME, blume)
    assert len(shared) in {1, 2}  # Ordered and Scheduled may also stand for a reschedule


def test_scheduled_means_two_things() -> None:
    """Unconfirmed in the RIS, confirmed in Blume: never a bare text."""
    ris, blume = canonical(S.POWERSERVER, "Scheduled"), canonical(S.BLUME, "Scheduled")
    assert C.CONFIRMED not in ris
    assert C.SCHEDULED_UNCONFIRMED not in blume


@pytest.mark.parametrize(
    ("system", "spelling", "meaning"),
    [
        pytest.param(S.DICOM, "READYFORSCAN", C.READY, id="collapsed"),
        pytest.param(S.DICOM, "Ready For Scan", C.READY, id="spaced"),
        pytest.param(S.OMEGAAI, "READY FOR SCAN", C.READY, id="worklist"),
        pytest.param(S.POWERSERVER, " ready  for scan ", C.READY, id="untidy"),
        pytest.param(S.OMEGAAI, "NO SHOW", C.NO_SHOW, id="no-show"),
        pytest.param(S.OMEGAAI, "INPROGRESS", C.IN_EXAM, id="in-progress"),
        pytest.param(S.POWERSERVER, "In Progress", C.IN_EXAM, id="in-progress-powerserver"),
        pytest.param(S.DICOM, "EXAMCOMPLETED", C.COMPLETED, id="exam-completed"),
        pytest.param(S.OMEGAAI, "HOLD", C.ON_HOLD, id="hold"),
        pytest.param(S.OMEGAAI, "REJECTED", C.REJECTED, id="rejected"),
        pytest.param(S.OMEGAAI, "EXAM DISCONTINUED", C.DISCONTINUED, id="discontinued"),
        pytest.param(S.DICOM, "DISCONTINUED", C.DISCONTINUED, id="discontinued-dicom"),
        pytest.param(S.POWERSERVER, "Cancelled w/ notice", C.CANCELLED, id="menu"),
        pytest.param(S.POWERSERVER, "Need to reschedule", C.NEED_RESCHEDULE, id="menu-2"),
        pytest.param(S.HL7, "Complete", C.COMPLETED, id="hl7"),
    ],
)
def test_a_word_has_its_meaning_in_any_spelling(
    system: System, spelling: str, meaning: Canonical
) -> None:
    """Spaces and case say nothing."""
    assert canonical(system, spelling) == {meaning}


@pytest.mark.parametrize(
    ("system", "word"),
    [
        pytest.param(S.BLUME, "Confirmed", id="not-blumes-word"),
        pytest.param(S.OMEGAAI, "IMPORT", id="no-appointment"),
        pytest.param(S.OMEGAAI, "UNUSED", id="unused"),
        pytest.param(S.OMEGAAI, "QA/QC", id="qa"),
        pytest.param(S.HL7, "Deleted", id="deleted"),
        pytest.param(S.HL7, "Overbook", id="overbook"),
        pytest.param(S.POWERSERVER, "", id="empty"),
    ],
)
def test_a_word_without_a_row_is_refused(system: System, word: str) -> None:
    """The error names the system and the fix, and never quotes the text, which may be anything."""
    with pytest.raises(UnknownStatus) as refused:
        canonical(system, word)
    assert str(system) in str(refused.value)
    assert pickle.loads(pickle.dumps(refused.value)).system is system


def test_an_organization_may_override_rows() -> None:
    """A site with a word of its own adds a row; the version says whose table it is."""
    own = rows_of(S.POWERSERVER, {"Aguardando": [C.ARRIVED]}, Evidence.ASSUMED, "site")
    table = TABLE.overridden("lakeside", own)

    assert canonical(S.POWERSERVER, "aguardando", table=table) == {C.ARRIVED}
    assert table.version == f"{VERSION}+lakeside"
    with pytest.raises(UnknownStatus):
        canonical(S.POWERSERVER, "aguardando")


def test_an_override_replaces_the_official_row() -> None:
    """One row per word: the organization's."""
    row = StatusRow(
        at=SystemStatus.of(S.POWERSERVER, "Scheduled"),
        means=frozenset({C.CONFIRMED}),
        evidence=Evidence.ASSUMED,
        source="site",
    )
    table = TABLE.overridden("lakeside", [row])
    assert canonical(S.POWERSERVER, "Scheduled", table=table) == {C.CONFIRMED}
    assert len(table.rows) == len(TABLE.rows)


def test_every_word_stands_once_in_the_table() -> None:
    """No row hides another."""
    words = [(row.at.system, row.at.status) for row in TABLE.rows]
    assert len(words) == len(set(words))


VALUES_BY_HAND = """
REQUESTED 15 (30-85) | ORDERED 20 (30-70) | SCHEDULED 30 (40-85) | CONFIRMED 50 (70-105) |
ARRIVED 70 (80-120) | CANCELLED 80 (0-0) | NO SHOW 85 (0-0) | READY FOR SCAN 90 (100-105) |
STARTED 100 (105-120) | EXAM COMPLETED 105 (110-130) | EXAM DISCONTINUED 110 (0-0) |
INPROGRESS 115 (120-160) | COMPLETED 120 (130-170) | IMPORT 125 (0-0) | HOLD 130 (140-160) |
REJECTED 140 (0-0) | VERIFIED 160 (170-200) | TO BE AMENDED 170 (180-200) |
DICTATED 180 (190-200) | TRANSCRIBED 190 (200-210) | SIGNED 200 (210-210) | PRIOR 210 (0-0) |
UNUSED 1000 (0-0) | QA/QC 1100 (0-0)
"""


def test_the_study_status_values_are_the_vendors() -> None:
    """Twenty-four statuses with value and the range a person may move to."""
    written = [
        f"{status.name} {status.value} ({status.lowest}-{status.highest})"
        for status in STUDY_STATUSES
    ]
    by_hand = [cell.strip() for cell in VALUES_BY_HAND.replace("\n", " ").split("|")]
    assert written == by_hand


@pytest.mark.parametrize(
    ("current", "target", "allowed"),
    [
        pytest.param("ORDERED", "SCHEDULED", True, id="lowest"),
        pytest.param("ORDERED", "ARRIVED", True, id="highest"),
        pytest.param("ORDERED", "CANCELLED", False, id="cancelled-is-outside"),
        pytest.param("CONFIRMED", "SCHEDULED", False, id="never-back"),
        pytest.param("CONFIRMED", "Ready for scan", True, id="any-spelling"),
        pytest.param("CANCELLED", "ORDERED", False, id="dead-end"),
        pytest.param("EXAM COMPLETED", "INPROGRESS", True, id="numbers-say-yes"),
    ],
)
def test_a_person_may_move_within_the_range(current: str, target: str, allowed: bool) -> None:
    """Only manual edits are bound by the ranges."""
    assert may_move_by_hand(current, target) is allowed


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(C.CANCELLED, C.CONFIRMED, Standing.APART, id="80-is-not-ahead-of-50"),
        pytest.param(C.NO_SHOW, C.CONFIRMED, Standing.APART, id="85-is-not-ahead-of-50"),
        pytest.param(C.COMPLETED, C.IN_EXAM, Standing.AHEAD, id="105-is-not-behind-115"),
        pytest.param(C.CONFIRMED, C.ARRIVED, Standing.BEHIND, id="behind"),
        pytest.param(C.ARRIVED, C.REQUESTED, Standing.AHEAD, id="far-ahead"),
        pytest.param(C.READY, C.READY, Standing.SAME, id="same"),
        pytest.param(C.ON_HOLD, C.COMPLETED, Standing.APART, id="hold-has-a-row-of-its-own"),
        pytest.param(C.DISCONTINUED, C.COMPLETED, Standing.APART, id="discontinued"),
        pytest.param(C.REJECTED, C.COMPLETED, Standing.APART, id="rejected"),
    ],
)
def test_the_order_of_states_is_explicit(
    one: Canonical, other: Canonical, expected: Standing
) -> None:
    """The vendor's numbers order nothing."""
    assert standing(one, other) is expected


def test_standing_is_antisymmetric() -> None:
    """If one is ahead the other is behind: the path has no cycle."""
    turned = {Standing.AHEAD: Standing.BEHIND, Standing.BEHIND: Standing.AHEAD}
    for one in C:
        for other in C:
            there = standing(one, other)
            assert standing(other, one) is turned.get(there, there)


@pytest.mark.parametrize(
    ("current", "target", "reschedule", "allowed"),
    [
        pytest.param(C.CONFIRMED, C.SCHEDULED_UNCONFIRMED, False, False, id="never-silently-back"),
        pytest.param(C.CONFIRMED, C.SCHEDULED_UNCONFIRMED, True, True, id="after-a-reschedule"),
        pytest.param(C.SCHEDULED_UNCONFIRMED, C.CONFIRMED, False, True, id="confirm"),
        pytest.param(C.CANCELLED, C.CONFIRMED, False, False, id="cancelled-stays"),
        pytest.param(C.NO_SHOW, C.CONFIRMED, True, False, id="no-show-stays"),
        pytest.param(C.CONFIRMED, C.CANCELLED, False, True, id="cancel"),
        pytest.param(C.ARRIVED, C.CONFIRMED, False, False, id="arrived-is-not-undone"),
        pytest.param(C.IN_EXAM, C.DISCONTINUED, False, True, id="discontinue"),
        pytest.param(C.COMPLETED, C.IN_EXAM, False, False, id="completed-is-not-undone"),
        pytest.param(C.CONFIRMED, C.CONFIRMED, False, False, id="standing-still"),
    ],
)
def test_a_visit_moves_only_where_the_table_says(
    current: Canonical, target: Canonical, reschedule: bool, allowed: bool
) -> None:
    """Confirmed to Scheduled is the one move that needs a reason."""
    assert may_move(current, target, reschedule=reschedule) is allowed


def test_every_state_has_a_row_of_moves() -> None:
    """Also those that lead nowhere."""
    assert set(MOVES) == set(C)


def test_the_numbers_would_have_been_wrong() -> None:
    """The guard removed: were values the order, a cancelled visit would be ahead of a confirmed."""
    value = {status.name: status.value for status in STUDY_STATUSES}
    assert value["CANCELLED"] > value["CONFIRMED"]
    assert value["EXAM COMPLETED"] < value["INPROGRESS"]


AGREE, FLIGHT, UNKNOWN, DRIFT = (
    Agreement.AGREE,
    Agreement.IN_FLIGHT,
    Agreement.UNDOCUMENTED,
    Agreement.DRIFT,
)
A, F, U, D = AGREE, FLIGHT, UNKNOWN, DRIFT

MATRIX_BY_HAND: dict[str, tuple[Agreement, Agreement, Agreement, Agreement, Agreement]] = {
    # PowerServer          Requested  Pending  Scheduled  Cancelled  Completed
    "Ordered": (A, D, D, D, D),
    "Scheduled": (D, A, F, D, D),
    "Waitlist": (D, A, D, D, D),
    "Confirmed": (F, F, A, D, D),
    "Arrived": (D, D, A, D, D),
    "Ready for scan": (D, D, A, D, D),
    "Started": (D, D, A, D, D),
    "In Progress": (D, D, A, D, D),
    "No Show": (D, D, D, A, D),
    "Cancelled": (D, D, D, A, D),
    "Completed": (D, D, D, D, A),
    "Verified": (D, D, D, D, A),
    "Hold": (U, U, U, U, U),
    "Discontinued": (U, U, U, U, U),
    "Rejected": (U, U, U, U, U),
    "Need to reschedule": (U, U, U, U, U),
}
BLUME = ("Requested", "Pending", "Scheduled", "Cancelled", "Completed")


@pytest.mark.parametrize(
    ("ris", "blume", "expected"),
    [
        pytest.param(ris, blume, verdict, id=f"{blume}+{ris}")
        for ris, verdicts in MATRIX_BY_HAND.items()
        for blume, verdict in zip(BLUME, verdicts, strict=True)
    ],
)
def test_each_pair_has_its_verdict(ris: str, blume: str, expected: Agreement) -> None:
    """Blume's five words against PowerServer's, without a reschedule."""
    pair = SystemStatus.of(S.BLUME, blume), SystemStatus.of(S.POWERSERVER, ris)
    assert agree(*pair, reschedule=False) is expected


def test_requested_and_scheduled_agree_only_after_a_reschedule() -> None:
    """The documented exception; nothing else changes with it."""
    for ris, verdicts in MATRIX_BY_HAND.items():
        for blume, verdict in zip(BLUME, verdicts, strict=True):
            pair = SystemStatus.of(S.BLUME, blume), SystemStatus.of(S.POWERSERVER, ris)
            exception = (blume, ris) == ("Requested", "Scheduled")
            assert agree(*pair, reschedule=True) is (AGREE if exception else verdict)


def test_a_table_that_knows_only_the_reschedule_is_judged_like_scheduled() -> None:
    """A site may give the state a word of its own."""
    own = rows_of(S.POWERSERVER, {"Remarcar": [C.RESCHEDULE_REQUESTED]}, Evidence.ASSUMED, "site")
    table = TABLE.overridden("lakeside", own)
    pair = SystemStatus.of(S.BLUME, "Requested"), SystemStatus.of(S.POWERSERVER, "Remarcar")
    assert agree(*pair, reschedule=True, table=table) is AGREE
    assert agree(*pair, reschedule=False, table=table) is DRIFT


def test_only_blume_and_the_ris_are_compared() -> None:
    """Turned round, the words would mean other things."""
    ris, blume = SystemStatus.of(S.POWERSERVER, "Scheduled"), SystemStatus.of(S.BLUME, "Scheduled")
    with pytest.raises(NotComparable):
        agree(ris, blume, reschedule=False)
    with pytest.raises(UnknownStatus):
        agree(SystemStatus.of(S.BLUME, "Nonsense"), ris, reschedule=False)
