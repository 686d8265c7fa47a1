"""A visit to a clinic's door, without Prefect."""

from collections.abc import Sequence

from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.omegaai_accessions import patients_with
from accord.domain.forms import Submission, SubmissionRef, Unreadable
from accord.domain.people import PatientId
from deployments.door_entry import Visit
from tests.delivery.clinic import Clinic


def a_visit(clinic: Clinic, who: str = "Ana (root)") -> Visit:
    """Stand at the clinic's door, reading its OmegaAI live."""
    wire = clinic.file.site.omegaai

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

    return Visit(desk=clinic.desk, who=who, read=read, patients_with=whose)
