"""Submitted forms as Blume leaves them in OmegaAI."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.sandbox.blume_pdfs import sha256
from accord.sandbox.world import Setting, Visit

Resource = dict[str, Any]

PLACES = {"registration": "Patient Docs", "clinical": "Documents"}
"""Where the Document Viewer shows a form of each template (domain.md, P8)."""


@dataclass(frozen=True)
class Submitted:
    """One submitted form, and what must become of it, written down before Accord looks."""

    source_id: str
    """`QuestionnaireResponse/<id>` or `DocumentReference/<id>`."""
    kind: str
    """'registration' or 'clinical'."""
    accession: str | None
    patient_number: str
    issuer: str
    pdf_digest: str | None
    """SHA-256 of a PDF form's bytes; None for a Normal form."""
    expected: str
    """'Patient Docs', 'Documents', 'held', 'not submitted' or 'withdrawn'."""
    why: str = ""
    version: str = "1"

    def plain(self) -> dict[str, str | None]:
        """Give it in JSON's own types."""
        return dict(vars(self))


def response(
    source_id: str, visit: Visit, template: Resource, answers: list[Resource], at: datetime
) -> Resource:
    """Write a Normal form's answers as a QuestionnaireResponse."""
    subject = {"reference": f"Patient/{visit.patient_id}"}
    return {
        "resourceType": "QuestionnaireResponse",
        "id": source_id,
        "questionnaire": f"{template['url']}|{template['version']}",
        "status": "completed",
        "subject": subject,
        "author": subject,
        "source": subject,
        "authored": at.isoformat(timespec="seconds"),
        "basedOn": [{"reference": f"ServiceRequest/{visit.service_request_id}"}],
        "item": answers,
    }


def binary(source_id: str, content: bytes) -> Resource:
    """Write a PDF form's bytes as a Binary."""
    return {
        "resourceType": "Binary",
        "id": f"{source_id}-b",
        "contentType": "application/pdf",
        "data": base64.b64encode(content).decode(),
    }


def document(
    source_id: str, visit: Visit, kind: str, content: bytes, where: tuple[datetime, Setting]
) -> Resource:
    """Write a PDF form as a DocumentReference beside its Binary; `where` is when and where."""
    at, setting = where
    system, _, code = setting.pdf_form_category.rpartition("|")
    subject = {"reference": f"Patient/{visit.patient_id}"}
    return {
        "resourceType": "DocumentReference",
        "id": source_id,
        "status": "current",
        "docStatus": "final",
        "category": [{"coding": [{"system": system, "code": code}]}],
        "extension": [{"url": setting.form_kind_url, "valueCode": kind}],
        "subject": subject,
        "author": [subject],
        "date": at.isoformat(timespec="seconds"),
        "content": attachment(source_id, kind, content),
        "context": {
            "related": [{"reference": f"ServiceRequest/{visit.service_request_id}"}],
        },
    }


def attachment(source_id: str, kind: str, content: bytes) -> list[Resource]:
    """Point to a PDF form's Binary, with the size and hash it has."""
    sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
    pointer = {
        "contentType": "application/pdf",
        "url": f"Binary/{source_id}-b",
        "title": TITLES[kind],
        "size": len(content),
        "hash": base64.b64encode(sha1).decode(),
    }
    return [{"attachment": pointer}]


TITLES = {"registration": "Ficha de cadastro", "clinical": "Termo e questionário clínico"}


def submitted(
    source: Resource, kind: str, visit: Visit, content: bytes | None, expected: str
) -> Submitted:
    """Note what was submitted and what must become of it."""
    return Submitted(
        source_id=f"{source['resourceType']}/{source['id']}",
        kind=kind,
        accession=visit.accession,
        patient_number=visit.patient_number,
        issuer=visit.issuer,
        pdf_digest=None if content is None else sha256(content),
        expected=expected,
    )
