"""The rules on what PowerServer shows: which documents may serve as proof."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accord.domain.documents import DocumentSeen
from accord.domain.forms import Section
from accord.domain.identifiers import Issuer, PatientNumber, Uid
from accord.domain.people import PatientId
from accord.quality.documents import DOCUMENTS, DTYPES, document_facts
from accord.quality.gate import Verdict, screen
from accord.quality.rules import Severity, Suite


def a_document(**changes: Any) -> DocumentSeen:
    """Give a document as PowerServer shows a good one."""
    document = DocumentSeen(
        study_uid=Uid("1.2.1"),
        series_uid=Uid("1.2.2"),
        sop_uid=Uid("1.2.3"),
        patient=PatientId(number=PatientNumber("L-1"), issuer=Issuer("LAKESIDE")),
        section=Section.DOCUMENTS,
        document_type="CLINICAL",
        at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )
    return document.model_copy(update=changes)


def _of(number: str, issuer: str) -> PatientId:
    return PatientId(number=PatientNumber(number), issuer=Issuer(issuer))


def _judge(odd: DocumentSeen, suite: Suite = DOCUMENTS) -> dict[str, list[str]]:
    """Give the rules that any row breaks, held or warned."""
    good = a_document(sop_uid=Uid("1.2.4"))
    verdict = screen(document_facts([good, odd]), suite)
    return {**verdict.held, **verdict.warned}


CASES = [
    pytest.param("sop-uid-well-formed", {"sop_uid": ""}, id="no-uid"),
    pytest.param("sop-uid-well-formed", {"sop_uid": "1.2." + "3" * 61}, id="sixty-five"),
    pytest.param("sop-uid-well-formed", {"sop_uid": "1.02"}, id="leading-zero"),
    pytest.param("sop-uid-unique", {"sop_uid": "1.2.4"}, id="twice"),
    pytest.param("patient-present", {"patient": _of(" ", "LAKESIDE")}, id="no-patient"),
    pytest.param("issuer-present", {"patient": _of("L-1", "")}, id="no-issuer"),
    pytest.param("type-present", {"document_type": " "}, id="no-type"),
    pytest.param("section-said", {"section": None}, id="no-section"),
    pytest.param("time-present", {"at": None}, id="no-time"),
]


@pytest.mark.parametrize(("rule", "changes"), CASES)
def test_each_rule_names_a_row_that_no_other_names(rule: str, changes: dict[str, Any]) -> None:
    """One thing is wrong, one rule says so."""
    named = _judge(a_document(**changes))
    assert named["1"] == [rule]
    assert {name for names in named.values() for name in names} == {rule}


@pytest.mark.parametrize(("rule", "changes"), CASES)
def test_a_rule_taken_away_is_missed(rule: str, changes: dict[str, Any]) -> None:
    """Without its rule nothing would be said of the row."""
    assert _judge(a_document(**changes), DOCUMENTS.without(rule)) == {}


def test_every_rule_has_such_a_row() -> None:
    """A rule added without a case is noticed."""
    assert {case.values[0] for case in CASES} == {rule.name for rule in DOCUMENTS.rules}


def test_what_is_only_unclear_is_not_held() -> None:
    """Without issuer, type, section or time a document is seen, but recognises nothing alone."""
    warning = {rule.name for rule in DOCUMENTS.rules if rule.severity is Severity.WARNS}
    assert warning == {"issuer-present", "type-present", "section-said", "time-present"}


def test_a_patient_without_documents_is_fine() -> None:
    """Nothing there is an answer, not a fault."""
    frame = document_facts([])
    assert dict(frame.dtypes.astype(str)) == DTYPES
    assert screen(frame, DOCUMENTS) == Verdict(passed=[])
