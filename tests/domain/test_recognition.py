"""Recognising the vendor's copies: found once, or not at all, or left to a person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.domain.documents import DocumentSeen
from accord.domain.effects import Rung
from accord.domain.forms import Section
from accord.domain.identifiers import (
    AccessionNumber,
    Digest,
    EffectKey,
    Issuer,
    PatientNumber,
    Uid,
)
from accord.domain.people import PatientId
from accord.domain.recognition import Recognised, Shown, Wanted, recognise
from accord.domain.relay import Recognition

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
PDF, OTHER = Digest("a" * 64), Digest("b" * 64)
ABSENT, THERE, AMBIGUOUS = Recognition.ABSENT, Recognition.THERE, Recognition.AMBIGUOUS


def a_patient(number: str = "L-1", issuer: str = "LAKESIDE") -> PatientId:
    """Give a made-up patient's number and issuer."""
    return PatientId(number=PatientNumber(number), issuer=Issuer(issuer))


def a_form(key: str = "A", **changes: Any) -> Wanted:
    """Give a rendered clinical form that should be there."""
    form = Wanted(
        key=EffectKey(key),
        patient=a_patient(),
        section=Section.DOCUMENTS,
        document_type="CLINICAL",
        accession=AccessionNumber("ACC1"),
        submitted_at=AT,
    )
    return form.model_copy(update=changes)


def a_copy(uid: str = "1.1", digest: Digest | None = OTHER, **changes: Any) -> Shown:
    """Give the vendor's copy of it: its own UID, title and time."""
    document = DocumentSeen(
        study_uid=Uid("1"),
        series_uid=Uid("1.0"),
        sop_uid=Uid(uid),
        patient=a_patient(),
        section=Section.DOCUMENTS,
        document_type="CLINICAL",
        title="Form 17",
        accession=AccessionNumber("ACC1"),
        at=AT + timedelta(minutes=7),
    )
    return Shown(document=document.model_copy(update=changes), digest=digest)


def _look(
    wanted: list[Wanted],
    shown: list[Shown],
    ours: tuple[Digest, ...] = (),
    our_uids: tuple[str, ...] = (),
) -> dict[str, Recognised]:
    found = recognise(
        wanted,
        shown,
        ours=ours,
        our_uids=[Uid(uid) for uid in our_uids],
        tolerance=HALF_AN_HOUR,
    )
    return {str(key): recognised for key, recognised in found.items()}


@pytest.mark.parametrize(
    ("form", "copy", "expected"),
    [
        pytest.param(a_form(), a_copy(), THERE, id="all-agree"),
        pytest.param(a_form(), a_copy(document_type=" clinical "), THERE, id="case-of-the-type"),
        pytest.param(a_form(), a_copy(at=AT - HALF_AN_HOUR), THERE, id="half-an-hour-before"),
        pytest.param(a_form(), a_copy(at=AT + HALF_AN_HOUR), THERE, id="half-an-hour-after"),
        pytest.param(
            a_form(), a_copy(at=AT + HALF_AN_HOUR + timedelta(seconds=1)), ABSENT, id="too-late"
        ),
        pytest.param(a_form(), a_copy(patient=a_patient("L-2")), ABSENT, id="other-patient"),
        pytest.param(
            a_form(), a_copy(patient=a_patient(issuer="HILL")), ABSENT, id="same-number-elsewhere"
        ),
        pytest.param(a_form(), a_copy(accession="ACC2"), ABSENT, id="other-study"),
        pytest.param(a_form(), a_copy(document_type="LABS"), ABSENT, id="other-type"),
        pytest.param(a_form(), a_copy(section=Section.PATIENT_DOCS), ABSENT, id="other-section"),
        pytest.param(a_form(), a_copy(at=None), AMBIGUOUS, id="no-time-said"),
        pytest.param(a_form(), a_copy(document_type=""), AMBIGUOUS, id="no-type-said"),
        pytest.param(a_form(), a_copy(section=None), AMBIGUOUS, id="no-section-said"),
        pytest.param(a_form(), a_copy(accession=None), AMBIGUOUS, id="no-accession-said"),
        pytest.param(
            a_form(), a_copy(patient=a_patient(issuer="")), AMBIGUOUS, id="no-issuer-said"
        ),
        pytest.param(
            a_form(section=Section.PATIENT_DOCS, accession=None),
            a_copy(section=Section.PATIENT_DOCS, accession=None),
            THERE,
            id="patient-level-needs-no-accession",
        ),
        pytest.param(a_form(digest=PDF), a_copy(digest=PDF), THERE, id="bytes"),
        pytest.param(
            a_form(digest=PDF),
            a_copy(digest=PDF, at=None, document_type="", section=None, accession=None),
            THERE,
            id="bytes-suffice",
        ),
        pytest.param(a_form(digest=PDF), a_copy(digest=OTHER), ABSENT, id="other-bytes"),
        pytest.param(a_form(digest=PDF), a_copy(digest=None), AMBIGUOUS, id="bytes-not-read"),
        pytest.param(
            a_form(digest=PDF), a_copy(digest=None, accession="ACC2"), ABSENT, id="not-read-other"
        ),
        pytest.param(
            a_form(digest=PDF),
            a_copy(digest=PDF, patient=a_patient("L-2")),
            ABSENT,
            id="a-blank-form-of-another-patient",
        ),
        pytest.param(
            a_form(digest=PDF), a_copy(digest=PDF, accession="ACC2"), AMBIGUOUS, id="misfiled"
        ),
        pytest.param(
            a_form(digest=PDF),
            a_copy(digest=PDF, section=Section.PATIENT_DOCS),
            AMBIGUOUS,
            id="in-the-wrong-section",
        ),
    ],
)
def test_one_form_and_one_document(form: Wanted, copy: Shown, expected: Recognition) -> None:
    """A trait that differs says no; a trait unsaid says that a person must look."""
    assert _look([form], [copy])["A"].found is expected


def test_what_is_there_names_the_document_and_the_rung() -> None:
    """Equal bytes prove more than the right type and owner."""
    by_bytes = _look([a_form(digest=PDF)], [a_copy(digest=PDF)])["A"]
    by_traits = _look([a_form()], [a_copy()])["A"]
    assert (by_bytes.sop_uid, by_bytes.rung) == ("1.1", Rung.BYTES)
    assert (by_traits.sop_uid, by_traits.rung) == ("1.1", Rung.PRESENT)


def test_two_forms_of_one_type_on_one_day_one_of_them_delivered() -> None:
    """Hours apart, time tells which of the two the vendor delivered."""
    morning, evening = a_form("M"), a_form("E", submitted_at=AT + timedelta(hours=6))
    found = _look([morning, evening], [a_copy(at=AT + timedelta(minutes=3))])
    assert (found["M"].found, found["E"].found) == (THERE, ABSENT)


def test_two_forms_and_one_document_that_may_be_either() -> None:
    """Neither is sent and neither counts as there."""
    found = _look([a_form("A"), a_form("B", submitted_at=AT + timedelta(minutes=5))], [a_copy()])
    assert {one.found for one in found.values()} == {AMBIGUOUS}


def test_one_form_and_two_documents_that_may_be_it() -> None:
    """One of them is something that we do not know of."""
    assert _look([a_form()], [a_copy("1.1"), a_copy("1.2")])["A"].found is AMBIGUOUS


def test_two_forms_and_two_documents_are_told_apart_only_where_no_pair_crosses() -> None:
    """A chain of maybes parks as a whole."""
    forms = [a_form("A"), a_form("B", submitted_at=AT + timedelta(minutes=40))]
    apart = [a_copy("1.1", at=AT), a_copy("1.2", at=AT + timedelta(minutes=45))]
    crossing = [a_copy("1.1", at=AT), a_copy("1.2", at=AT + timedelta(minutes=20))]
    assert {one.found for one in _look(forms, apart).values()} == {THERE}
    assert {one.found for one in _look(forms, crossing).values()} == {AMBIGUOUS}


def test_a_document_already_recognised_makes_no_other_form_ambiguous() -> None:
    """The same PDF submitted for two studies, one of them delivered."""
    forms = [a_form("A", digest=PDF), a_form("B", digest=PDF, accession="ACC2")]
    found = _look(forms, [a_copy(digest=PDF)])
    assert (found["A"].found, found["B"].found) == (THERE, ABSENT)


def test_our_own_document_is_no_vendors_copy() -> None:
    """What we sent for one form must not pass for another form of the same hour."""
    sent, next_one = OTHER, a_form("B", submitted_at=AT + timedelta(minutes=2))
    assert _look([next_one], [a_copy(digest=sent)], ours=(sent,))["B"].found is ABSENT
    assert _look([next_one], [a_copy(digest=None)], our_uids=("1.1",))["B"].found is ABSENT
    assert _look([next_one], [a_copy(digest=None)], ours=(sent,))["B"].found is AMBIGUOUS


def test_our_own_document_not_set_aside_would_hide_a_form() -> None:
    """The guard removed: our own document would count as the vendor's copy of another form."""
    assert _look([a_form("B")], [a_copy(digest=OTHER)])["B"].found is THERE


@pytest.mark.parametrize(
    ("copies", "ours", "our_uids", "expected"),
    [
        pytest.param(["1.1"], 1, (), ABSENT, id="ours-alone"),
        pytest.param(["1.1", "1.2"], 1, (), AMBIGUOUS, id="one-of-two-is-ours"),
        pytest.param(["1.1", "1.2"], 2, (), ABSENT, id="both-are-ours"),
        pytest.param(["1.1", "1.2"], 1, ("1.1",), THERE, id="ours-is-known-by-its-uid"),
        pytest.param(["1.1"], 0, (), THERE, id="none-of-ours"),
    ],
)
def test_equal_bytes_that_we_sent_ourselves_are_set_aside(
    copies: list[str], ours: int, our_uids: tuple[str, ...], expected: Recognition
) -> None:
    """The same PDF came in twice; one of its documents may be ours."""
    shown = [a_copy(uid, digest=PDF) for uid in copies]
    assert _look([a_form(digest=PDF)], shown, (PDF,) * ours, our_uids)["A"].found is expected


def test_a_rendered_form_is_never_a_pdf_forms_copy() -> None:
    """The document whose bytes are those of a PDF form is that form's."""
    forms = [a_form("N"), a_form("P", digest=PDF)]
    found = _look(forms, [a_copy(digest=PDF)])
    assert (found["N"].found, found["P"].found) == (ABSENT, THERE)


def test_nothing_shown_is_absent() -> None:
    """And nothing wanted is nothing to tell."""
    assert _look([a_form()], [])["A"] == Recognised(found=ABSENT)
    assert _look([], [a_copy()]) == {}


def test_records_say_nothing_of_the_patient() -> None:
    """Texts and reprs hold the opaque key or UID only."""
    assert "L-1" not in f"{a_form()!r} {a_copy().document!r}"


FORMS = st.lists(
    st.builds(
        lambda number, minutes, accession, digest: {
            "patient": a_patient(number),
            "submitted_at": AT + timedelta(minutes=minutes),
            "accession": AccessionNumber(accession),
            "digest": digest,
        },
        st.sampled_from(["L-1", "L-2"]),
        st.integers(0, 90),
        st.sampled_from(["ACC1", "ACC2"]),
        st.sampled_from([None, None, PDF, OTHER]),
    ),
    max_size=6,
).map(lambda rows: [a_form(f"K{i}", **row) for i, row in enumerate(rows)])

COPIES = st.lists(
    st.builds(
        lambda number, minutes, accession, digest, section: {
            "patient": a_patient(number),
            "at": None if minutes is None else AT + timedelta(minutes=minutes),
            "accession": accession,
            "digest": digest,
            "section": section,
        },
        st.sampled_from(["L-1", "L-2"]),
        st.none() | st.integers(0, 90),
        st.sampled_from(["ACC1", "ACC2", None]),
        st.sampled_from([None, PDF, OTHER, Digest("c" * 64)]),
        st.sampled_from([Section.DOCUMENTS, Section.DOCUMENTS, None]),
    ),
    max_size=6,
).map(lambda rows: [a_copy(f"1.{i}", **row) for i, row in enumerate(rows)])

OURS = st.lists(st.sampled_from([PDF, OTHER]), max_size=2).map(tuple)


@given(forms=FORMS, copies=COPIES, ours=OURS, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_does_not_matter(
    forms: list[Wanted], copies: list[Shown], ours: tuple[Digest, ...], shuffle: Any
) -> None:
    """Pages come as they come."""
    first = _look(forms, copies, ours)
    shuffle.shuffle(forms)
    shuffle.shuffle(copies)
    assert _look(forms, copies, ours) == first


@given(forms=FORMS, copies=COPIES, ours=OURS)
def test_no_document_is_two_forms(
    forms: list[Wanted], copies: list[Shown], ours: tuple[Digest, ...]
) -> None:
    """Each form is told of, and each document stands for one form at most."""
    found = _look(forms, copies, ours)
    uids = [one.sop_uid for one in found.values() if one.sop_uid]
    assert len(uids) == len(set(uids))
    assert found.keys() == {form.key for form in forms}
    assert all((one.found is THERE) == (one.rung is not None) for one in found.values())


@given(forms=FORMS, copies=COPIES, ours=OURS)
def test_one_more_document_never_makes_an_absent_form_of_one_that_is_there(
    forms: list[Wanted], copies: list[Shown], ours: tuple[Digest, ...]
) -> None:
    """More at the peer is never a reason to send."""
    fewer, more = _look(forms, copies[:-1], ours), _look(forms, copies, ours)
    for key, before in fewer.items():
        if before.found is THERE:
            assert more[key].found is not ABSENT


@given(copies=COPIES)
def test_a_form_without_any_document_of_its_patient_is_absent(copies: list[Shown]) -> None:
    """Nobody else's documents speak for it."""
    assert _look([a_form(patient=a_patient("L-9"))], copies)["A"].found is ABSENT
