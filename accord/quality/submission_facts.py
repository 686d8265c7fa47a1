"""What the gate may know of submissions: counts, sizes, switches; never a value of a patient."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from accord.domain.base import Record
from accord.domain.forms import Submission, SubmissionSource, SubmissionStatus
from accord.domain.organizations import OrganizationFile
from accord.domain.people import Patient
from accord.quality.fields import texts_that_do_not_fit


class DocumentFacts(Record):
    """What is known of the document that a submission became, or that the patient sent."""

    size_bytes: int | None = None
    """None: no document could be made of the answers."""
    is_encrypted: bool = False
    is_damaged: bool = False
    pages: int = 0
    missing_glyphs: int = 0
    """Characters of its texts that the pinned fonts cannot draw."""


DTYPES = {
    "content": "str",
    "status": "str",
    "issuer_known": "bool",
    "patient_known": "bool",
    "subject": "str",
    "kind": "str",
    "facility_known": "bool",
    "accession_length": "int64",
    "questionnaire": "str",
    "submission_time": "str",
    "minutes_ahead": "float64",
    "carries_document": "bool",
    "document_bytes": "int64",
    "document_limit": "int64",
    "is_encrypted": "bool",
    "is_damaged": "bool",
    "pages": "int64",
    "missing_glyphs": "int64",
    "unfit_texts": "int64",
}
"""The columns that the suite reads, also of a frame without rows."""

_UNREADABLE: dict[str, Any] = {
    "content": "unreadable",
    "status": "completed",
    "issuer_known": True,
    "patient_known": True,
    "subject": "no appointment",
    "kind": "registration",
    "facility_known": True,
    "accession_length": 0,
    "questionnaire": "not asked",
    "submission_time": "not needed",
    "minutes_ahead": 0.0,
    "carries_document": False,
    "document_bytes": 0,
    "document_limit": 0,
    "is_encrypted": False,
    "is_damaged": False,
    "pages": 0,
    "missing_glyphs": 0,
    "unfit_texts": 0,
}
"""Nothing else is known of what could not be read, so only one rule speaks of it."""


def submission_facts(
    submissions: Mapping[str, Submission],
    documents: Mapping[str, DocumentFacts],
    *,
    organization: OrganizationFile,
    now: datetime,
    unreadable: Collection[str] = (),
) -> pd.DataFrame:
    """
    Tell what the gate judges submissions by: one row each, under its opaque key.

    Args:
        submissions: by opaque key.
        documents: what is known of their documents, by the same keys; a PDF form without an
            entry is held, a Normal form without one has not been rendered yet.
        now: aware; what is submitted after it comes from a wrong clock.
        unreadable: opaque keys of submissions that could not be understood.
    """
    limits = {
        facility.slug: organization.powerserver_of(facility.slug).document_limit_bytes
        for facility in organization.organization.facilities
    }
    rows = {
        key: _facts(submission, documents.get(key, DocumentFacts()), limits, now)
        for key, submission in submissions.items()
    } | dict.fromkeys(unreadable, _UNREADABLE)
    frame = pd.DataFrame(rows.values(), index=pd.Index(rows, dtype="object"), columns=list(DTYPES))
    return frame.astype(DTYPES)


def _facts(
    submission: Submission, document: DocumentFacts, limits: Mapping[str, int], now: datetime
) -> dict[str, Any]:
    size = _size(submission, document)
    return {
        "content": _content(submission),
        "status": submission.status.value,
        "issuer_known": submission.issuer_known,
        "patient_known": submission.patient is not None and _is_named(submission.patient),
        "subject": _subject(submission),
        "kind": submission.kind.value if submission.kind else "",
        "facility_known": submission.facility in limits,
        "accession_length": len(submission.accession or ""),
        "questionnaire": _questionnaire(submission),
        "submission_time": _submission_time(submission),
        "minutes_ahead": _minutes_ahead(submission.submitted_at, now),
        "carries_document": size is not None,
        "document_bytes": size or 0,
        "document_limit": limits.get(submission.facility, size or 0),
        "is_encrypted": document.is_encrypted,
        "is_damaged": document.is_damaged,
        "pages": document.pages,
        "missing_glyphs": document.missing_glyphs,
        "unfit_texts": texts_that_do_not_fit(submission),
    }


def _is_withdrawn(submission: Submission) -> bool:
    return submission.status is SubmissionStatus.WITHDRAWN


def _size(submission: Submission, document: DocumentFacts) -> int | None:
    """Give the document's size; the patient's own PDF has one even where nobody looked at it."""
    if _is_withdrawn(submission):
        return None
    return len(submission.pdf) if submission.pdf is not None else document.size_bytes


def _content(submission: Submission) -> str:
    if _is_withdrawn(submission):
        return "not needed"
    is_pdf_form = submission.ref.source is SubmissionSource.DOCUMENT
    content = submission.pdf if is_pdf_form else submission.response
    return "unreadable" if content is None else "read"


def _is_named(patient: Patient) -> bool:
    return bool(patient.id.number.strip() and (patient.family.strip() or patient.given.strip()))


def _subject(submission: Submission) -> str:
    words = {None: "no appointment", True: "agrees", False: "differs"}
    return words[submission.appointment_subject_agrees]


def _questionnaire(submission: Submission) -> str:
    """Say what is known of the questionnaire; a PDF form's own bytes answer to none."""
    is_pdf_form = submission.ref.source is SubmissionSource.DOCUMENT
    if _is_withdrawn(submission) or is_pdf_form:
        return "not asked"
    if not submission.questionnaire_status:
        return "unknown version"
    published = submission.questionnaire_status in ("active", "retired")
    return "published" if published or submission.questionnaire_ever_published else "never"


def _submission_time(submission: Submission) -> str:
    if submission.submitted_at is not None:
        return "given"
    return "not needed" if _is_withdrawn(submission) else "missing"


def _minutes_ahead(submitted_at: datetime | None, now: datetime) -> float:
    return 0.0 if submitted_at is None else (submitted_at - now).total_seconds() / 60
