"""
The rules on submitted forms: each has a row that only it holds.

A good submission passes; each case changes one thing about it. That very case is judged a second
time without its rule, and passes: a rule that is taken away is missed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from accord.domain.forms import (
    FormKind,
    Submission,
    SubmissionRef,
    SubmissionSource,
    SubmissionStatus,
)
from accord.domain.identifiers import AccessionNumber, Issuer, PatientNumber
from accord.domain.organization_text import parse
from accord.domain.people import Patient, PatientId
from accord.quality.gate import Verdict, screen
from accord.quality.rules import Suite
from accord.quality.submission_facts import DTYPES, DocumentFacts, submission_facts
from accord.quality.submissions import SUBMISSIONS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = Path(__file__).parents[2] / "deployments" / "organizations" / "lakeside.yaml"
ORGANIZATION = parse(FILE.read_text(encoding="utf-8"), FILE.name)
LIMIT = ORGANIZATION.powerserver_of("lakeside-centro").document_limit_bytes

Change = dict[str, Any]


def a_patient(**changes: Any) -> Patient:
    """Give a made-up person."""
    patient = Patient(
        id=PatientId(number=PatientNumber("L-1"), issuer=Issuer("LAKESIDE")),
        family="Lagoa",
        given="Ana",
    )
    return patient.model_copy(update=changes)


def a_submission(**changes: Any) -> Submission:
    """Give a good clinical form as a Normal form: answers, not yet rendered."""
    submission = Submission(
        ref=SubmissionRef(source=SubmissionSource.RESPONSE, id="r1", version="1", last_updated=NOW),
        status=SubmissionStatus.COMPLETED,
        kind=FormKind.CLINICAL,
        title="Anamnese",
        submitted_at=NOW - timedelta(minutes=5),
        author="Patient",
        patient=a_patient(),
        facility="lakeside-centro",
        accession=AccessionNumber("ACC1"),
        appointment_subject_agrees=True,
        questionnaire_status="active",
        questionnaire_ever_published=True,
        questionnaire={"resourceType": "Questionnaire"},
        response={"resourceType": "QuestionnaireResponse"},
    )
    return submission.model_copy(update=changes)


def a_pdf_form(**changes: Any) -> Submission:
    """Give a good clinical form as a PDF that the patient filled in."""
    reference = SubmissionRef(
        source=SubmissionSource.DOCUMENT, id="d1", version="1", last_updated=NOW
    )
    form: Change = {
        "ref": reference,
        "questionnaire_status": "",
        "questionnaire_ever_published": False,
        "questionnaire": None,
        "response": None,
        "pdf": b"%PDF-1.7",
    }
    return a_submission(**{**form, **changes})


GOOD_PDF = DocumentFacts(size_bytes=8, pages=1)


Form = tuple[Submission, DocumentFacts | None]


def _judge(forms: Mapping[str, Form], suite: Suite) -> Verdict:
    frame = submission_facts(
        {key: submission for key, (submission, _) in forms.items()},
        {key: document for key, (_, document) in forms.items() if document},
        organization=ORGANIZATION,
        now=NOW,
    )
    return screen(frame, suite)


@cache
def _verdict_on_the_cases(without: str = "") -> Verdict:
    """Judge all cases at once, and a good form beside them."""
    forms: dict[str, Form] = {"good": (a_submission(), GOOD_PDF)}
    forms |= {_key(case.values[1]): cast("Form", case.values[1:]) for case in CASES}
    return _judge(forms, SUBMISSIONS.without(without))


def _key(submission: Any) -> str:
    return f"form-{id(submission)}"


CASES = [
    pytest.param("submission-readable", a_submission(response=None), None, id="no-answers"),
    pytest.param("submission-readable", a_pdf_form(pdf=None), None, id="pdf-elsewhere"),
    *(
        pytest.param("submitted-not-in-progress", a_submission(status=status), None, id=status)
        for status in (
            SubmissionStatus.IN_PROGRESS,
            SubmissionStatus.STOPPED,
            SubmissionStatus.UNKNOWN,
        )
    ),
    pytest.param("issuer-known", a_submission(issuer_known=False), None, id="issuer"),
    pytest.param("patient-known", a_submission(patient=None), None, id="no-patient"),
    pytest.param(
        "patient-known",
        a_submission(patient=a_patient(family="", given=" ")),
        None,
        id="nameless-patient",
    ),
    pytest.param(
        "subject-is-the-appointments-patient",
        a_submission(appointment_subject_agrees=False),
        None,
        id="a-relatives-form",
    ),
    pytest.param("form-kind-named", a_submission(kind=None), None, id="no-kind"),
    pytest.param("facility-known", a_submission(facility=""), None, id="no-facility"),
    pytest.param("facility-known", a_submission(facility="elsewhere"), None, id="facility"),
    pytest.param(
        "clinical-names-an-accession", a_submission(accession=None), None, id="no-accession"
    ),
    pytest.param("accession-fits", a_submission(accession="A" * 17), None, id="seventeen"),
    pytest.param(
        "questionnaire-version-known", a_submission(questionnaire_status=""), None, id="version"
    ),
    pytest.param(
        "questionnaire-was-published",
        a_submission(questionnaire_status="draft", questionnaire_ever_published=False),
        None,
        id="draft",
    ),
    pytest.param("has-submission-time", a_submission(submitted_at=None), None, id="no-time"),
    pytest.param(
        "not-from-the-future",
        a_submission(submitted_at=NOW + timedelta(minutes=11)),
        None,
        id="eleven-minutes-ahead",
    ),
    pytest.param(
        "pdf-not-empty", a_pdf_form(pdf=b""), DocumentFacts(size_bytes=0, pages=1), id="empty"
    ),
    pytest.param(
        "pdf-not-encrypted",
        a_pdf_form(),
        DocumentFacts(size_bytes=8, is_encrypted=True, pages=1),
        id="encrypted",
    ),
    pytest.param(
        "pdf-not-damaged",
        a_pdf_form(),
        DocumentFacts(size_bytes=8, is_damaged=True, pages=1),
        id="damaged",
    ),
    pytest.param("pdf-has-pages", a_pdf_form(), DocumentFacts(size_bytes=8), id="no-pages"),
    pytest.param("pdf-has-pages", a_pdf_form(), None, id="nobody-looked-at-the-pdf"),
    pytest.param(
        "size-within-limit",
        a_submission(),
        DocumentFacts(size_bytes=LIMIT + 1, pages=1),
        id="one-byte-too-large",
    ),
    pytest.param(
        "text-fits-fields",
        a_submission(patient=a_patient(family="F" * 60, given="Ana")),
        None,
        id="long-name",
    ),
    pytest.param(
        "text-fits-fields", a_submission(patient=a_patient(family="A^B")), None, id="caret"
    ),
    pytest.param(
        "text-fits-fields",
        a_submission(
            patient=a_patient(id=PatientId(number=PatientNumber("L*"), issuer=Issuer("LAKESIDE")))
        ),
        None,
        id="a-number-that-asks-for-any",
    ),
    pytest.param("text-fits-fields", a_submission(accession="A\\1"), None, id="two-values"),
    pytest.param("text-fits-fields", a_submission(placer_order="O" * 23), None, id="order"),
    pytest.param(
        "text-fits-fields",
        a_submission(
            patient=a_patient(id=PatientId(number=PatientNumber("1"), issuer=Issuer("I" * 65)))
        ),
        None,
        id="long-issuer",
    ),
    pytest.param(
        "font-covers-text", a_submission(), DocumentFacts(missing_glyphs=1), id="no-glyph"
    ),
]


@pytest.mark.parametrize(("rule", "submission", "document"), CASES)
def test_each_rule_holds_a_row_that_no_other_holds(
    rule: str, submission: Submission, document: DocumentFacts | None
) -> None:
    """One thing is wrong, one rule says so, and the good form beside it passes."""
    verdict = _verdict_on_the_cases()
    assert verdict.held[_key(submission)] == [rule]
    assert verdict.passed == ["good"]


@pytest.mark.parametrize(("rule", "submission", "document"), CASES)
def test_a_rule_taken_away_is_missed(
    rule: str, submission: Submission, document: DocumentFacts | None
) -> None:
    """Without its rule the same row would pass: the case above would turn red."""
    assert _key(submission) in _verdict_on_the_cases(without=rule).passed


def test_every_rule_has_such_a_row() -> None:
    """A rule added without a case is noticed."""
    assert {case.values[0] for case in CASES} == {rule.name for rule in SUBMISSIONS.rules}


GOOD_ONES = [
    pytest.param(a_submission(), None, id="not-yet-rendered"),
    pytest.param(a_submission(), DocumentFacts(size_bytes=LIMIT, pages=3), id="at-the-limit"),
    pytest.param(a_pdf_form(), GOOD_PDF, id="pdf-form"),
    pytest.param(a_submission(kind=FormKind.REGISTRATION, accession=None), None, id="registration"),
    pytest.param(a_submission(questionnaire_status="retired"), None, id="later-unpublished"),
    pytest.param(
        a_submission(questionnaire_status="draft", questionnaire_ever_published=True),
        None,
        id="published-once",
    ),
    pytest.param(a_submission(appointment_subject_agrees=None), None, id="no-appointment"),
    pytest.param(a_submission(accession="A" * 16), None, id="sixteen"),
    pytest.param(
        a_submission(submitted_at=NOW + timedelta(minutes=10)), None, id="a-clock-that-drifts"
    ),
    pytest.param(a_submission(status=SubmissionStatus.AMENDED), None, id="amended"),
    pytest.param(
        a_submission(patient=a_patient(family="F" * 59, given="Ana")),
        None,
        id="sixty-four-characters",
    ),
]


def test_what_may_pass_passes() -> None:
    """The bounds of the rules, from within."""
    forms = {str(case.id): cast("Form", case.values) for case in GOOD_ONES}
    assert _judge(forms, SUBMISSIONS).held == {}


def test_a_withdrawal_needs_no_content() -> None:
    """What is taken back must name its patient, and nothing else."""
    withdrawn = a_submission(
        status=SubmissionStatus.WITHDRAWN,
        response=None,
        submitted_at=None,
        questionnaire_status="",
    )
    assert _judge({"withdrawn": (withdrawn, None)}, SUBMISSIONS).held == {}


def test_the_first_broken_rule_is_the_reason() -> None:
    """Rules stand with the most telling first; a row lists all it breaks, in that order."""
    odd = a_submission(issuer_known=False, patient=None, accession=None)
    verdict = _judge({"odd": (odd, None)}, SUBMISSIONS)
    assert verdict.held["odd"] == ["issuer-known", "patient-known", "clinical-names-an-accession"]


def test_an_unknown_version_is_the_reason_that_its_kind_is_unknown() -> None:
    """The kind comes from the questionnaire: of a version nobody has, it cannot be told."""
    odd = a_submission(kind=None, questionnaire_status="")
    verdict = _judge({"odd": (odd, None)}, SUBMISSIONS)
    assert verdict.held["odd"] == ["questionnaire-version-known", "form-kind-named"]


def test_what_could_not_be_read_is_held_by_one_rule() -> None:
    """It is reported under its key and stops nothing."""
    frame = submission_facts(
        {"good": a_submission()}, {}, organization=ORGANIZATION, now=NOW, unreadable=["lost"]
    )
    verdict = screen(frame, SUBMISSIONS)
    assert verdict.held == {"lost": ["submission-readable"]}
    assert verdict.passed == ["good"]


def test_an_empty_sweep_is_still_a_frame() -> None:
    """Columns and their types are there without rows, so that a missing one is noticed."""
    frame = submission_facts({}, {}, organization=ORGANIZATION, now=NOW)
    assert dict(frame.dtypes.astype(str)) == DTYPES
    assert screen(frame, SUBMISSIONS) == Verdict(passed=[])


def test_the_suite_reads_no_column_that_the_facts_lack() -> None:
    """And the facts hold no column that no rule reads."""
    assert set(SUBMISSIONS.columns) == set(DTYPES)


def test_the_facts_hold_nothing_of_the_patient() -> None:
    """Counts, sizes and switches only: no name, number, accession or answer."""
    patient = a_patient(family="Canário", given="Zenóbia").model_copy(
        update={"id": PatientId(number=PatientNumber("CANARY-77"), issuer=Issuer("CANARYLAND"))}
    )
    frame = submission_facts(
        {"key": a_submission(patient=patient, accession="CANARY-ACC", title="Canary")},
        {},
        organization=ORGANIZATION,
        now=NOW,
    )
    text = frame.to_csv().casefold()
    assert not any(word in text for word in ("canár", "canary", "zenó"))


@pytest.mark.parametrize("rule", SUBMISSIONS.rules, ids=lambda rule: rule.name)
def test_each_rule_speaks_to_people_in_both_languages(rule: Any) -> None:
    """What it asks and what to do about it, each a sentence."""
    says: list[Callable[[str], str]] = [rule.text, rule.what_to_do]
    for say in says:
        portuguese, english = say("pt-BR"), say("en-US")
        assert portuguese != english
        assert portuguese.endswith(".")
        assert english.endswith(".")
