"""A visit to a clinic's door, without Prefect."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.omegaai_accessions import patients_with
from accord.domain.forms import Submission, SubmissionRef, Unreadable
from accord.domain.people import PatientId
from accord.ledger.audit import EMPTY, AuditEntry, AuditHead
from accord.ledger.records import EffectRow
from accord.ledger.tables import AUDIT
from accord.sandbox.blume_forms import Submitted
from deployments.door_entry import Visit
from tests.delivery.clinic import Clinic


def a_visit(clinic: Clinic, who: str = "Ana (root)", *, locale: str = "pt-BR") -> Visit:
    """Stand at the clinic's door, reading its OmegaAI live."""
    wire = clinic.file.site.omegaai
    site = clinic.file.site.model_copy(update={"locale": locale})
    desk = replace(clinic.desk, file=clinic.file.model_copy(update={"site": site}))

    async def read(refs: Sequence[SubmissionRef]) -> list[Submission | Unreadable]:
        async with OmegaAIClient.open(
            wire, clinic.file.organization, clinic.credentials, read_only=True
        ) as omegaai:
            return await omegaai.read_submissions(refs)

    async def whose(accession: str) -> list[PatientId]:
        async with OmegaAIClient.open(
            wire, clinic.file.organization, clinic.credentials, read_only=True
        ) as omegaai:
            return await patients_with(omegaai.fhir, wire.issuers, accession)

    return Visit(desk=desk, who=who, read=read, patients_with=whose)


def row_of(clinic: Clinic, note: Submitted) -> EffectRow:
    """Give the effect of one submitted version."""
    source = f"{note.source_id}/_history/{note.version}"
    (row,) = clinic.ledger.by_source("lakeside", source)
    return row


def audited(clinic: Clinic, action: str, after: AuditHead = EMPTY) -> list[AuditEntry]:
    """Give the audit trail's entries of one action after a head, in order."""
    query = select(AUDIT).where(AUDIT.c.action == action, AUDIT.c.seq > after.seq)
    query = query.order_by(AUDIT.c.seq)
    with clinic.ledger._database.read() as connection:
        found = connection.execute(query).mappings().all()
    return [
        AuditEntry.model_validate({k: v for k, v in row.items() if k not in {"seq", "mac"}})
        for row in found
    ]
