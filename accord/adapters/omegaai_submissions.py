"""One submitted form as read from OmegaAI, put together from its resource and its neighbours."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    NeighbourMisshapen,
    child,
    moment,
    objects,
    text,
)
from accord.adapters.fhir_references import Reference
from accord.adapters.omegaai_attachments import attached_bytes, attachment_of
from accord.adapters.omegaai_neighbours import NeighbourReader, Neighbours
from accord.adapters.omegaai_orders import OccasionReader
from accord.adapters.omegaai_patients import patient_of
from accord.adapters.omegaai_questionnaires import QuestionnaireReader, Template, form_kind
from accord.domain.forms import Submission, SubmissionRef, SubmissionSource, SubmissionStatus
from accord.domain.organizations import Organization
from accord.domain.wires import OmegaAIWire


@dataclass(frozen=True)
class SubmissionReader:
    """Reads submissions against what has been fetched around them."""

    wire: OmegaAIWire
    organization: Organization
    neighbours: Neighbours
    around: NeighbourReader
    questionnaires: QuestionnaireReader

    async def submission(
        self, ref: SubmissionRef, resource: JsonObject, newer_version: str
    ) -> Submission:
        """
        Read one submission.

        Raises:
            Misshapen: it cannot be understood (NeighbourMisshapen: what it rests on).
            Differs: its attachment is not the declared one.
        """
        own: dict[str, Any]
        if ref.source is SubmissionSource.RESPONSE:
            own = await self._response(resource)
        else:
            own = await self._document(resource)
        template = own.pop("template")
        common = self._common(resource, template.resource if template else {})
        return Submission(ref=ref, newer_version=newer_version, **common, **own)

    def _common(self, resource: JsonObject, questionnaire: JsonObject) -> dict[str, Any]:
        subject = self._subject(resource)
        self.around.mentions(resource)
        try:
            return self._rests_on(resource, subject, questionnaire)
        except Misshapen as error:
            raise NeighbourMisshapen(str(error)) from None

    def _rests_on(
        self, resource: JsonObject, subject: Reference | None, questionnaire: JsonObject
    ) -> dict[str, Any]:
        judge = OccasionReader(self.around, self.neighbours, self.organization)
        occasion = judge.occasion(resource)
        person = self.neighbours.of(subject)
        facility = judge.facility(occasion, questionnaire, person or {})
        patient, issuer_known = None, True
        if person is not None:
            preferred = facility.issuer if facility else ""
            patient, issuer_known = patient_of(person, self.wire.issuers, preferred)
        return {
            "patient": patient,
            "issuer_known": issuer_known,
            "facility": facility.slug if facility else "",
            "accession": occasion.accession,
            "placer_order": occasion.placer_order,
            "appointment_subject_agrees": judge.subject_agrees(occasion, subject),
        }

    def _subject(self, resource: JsonObject) -> Reference | None:
        reference = self.around.reference(child(resource, "subject"))
        return reference if reference and reference.type == "Patient" else None

    async def _response(self, resource: JsonObject) -> dict[str, Any]:
        answered_at = moment(text(resource, "authored"), self._zone)
        template = await self.questionnaires.template(text(resource, "questionnaire"), answered_at)
        questionnaire = template.resource if template else None
        return {
            "status": _status(text(resource, "status")),
            "kind": form_kind(self.wire, questionnaire or {}, resource),
            "title": text(questionnaire or {}, "title") or text(questionnaire or {}, "name"),
            "submitted_at": answered_at,
            "author": _author(child(resource, "author")) or _author(child(resource, "source")),
            "questionnaire": questionnaire,
            "response": resource,
            "template": template,
            **_published(template),
        }

    async def _document(self, resource: JsonObject) -> dict[str, Any]:
        attachment = attachment_of(resource)
        authors = objects(resource, "author")
        when = text(resource, "date") or text(attachment, "creation")
        return {
            "status": _document_status(resource),
            "kind": form_kind(self.wire, resource),
            "title": text(attachment, "title") or text(resource, "description"),
            "submitted_at": moment(when, self._zone),
            "author": _author(authors[0]) if authors else "",
            "pdf": await attached_bytes(self.around.client, resource),
            "replaces": self._replaces(resource),
            "template": None,
        }

    def _replaces(self, resource: JsonObject) -> str:
        for relation in objects(resource, "relatesTo"):
            target = self.around.reference(child(relation, "target"))
            if text(relation, "code") == "replaces" and target:
                return str(target)
        return ""

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.wire.time_zone)


def _published(template: Template | None) -> dict[str, Any]:
    return {
        "questionnaire_status": template.status if template else "",
        "questionnaire_ever_published": template.ever_published if template else False,
    }


def _status(value: str) -> SubmissionStatus:
    return SubmissionStatus(value) if value in set(SubmissionStatus) else SubmissionStatus.UNKNOWN


def _document_status(resource: JsonObject) -> SubmissionStatus:
    """
    Read DocumentReference.status and docStatus in the words of a response.

    A superseded document is no longer submitted: whatever replaced it is, under its own id.
    Source: FHIR R4 document-reference-status, composition-status.
    """
    status, state = text(resource, "status"), text(resource, "docStatus")
    if "entered-in-error" in {status, state}:
        return SubmissionStatus.WITHDRAWN
    if status == "superseded":
        return SubmissionStatus.STOPPED
    if status != "current":
        return SubmissionStatus.UNKNOWN
    replaced = any(text(each, "code") == "replaces" for each in objects(resource, "relatesTo"))
    final = SubmissionStatus.AMENDED if replaced else SubmissionStatus.COMPLETED
    known = {
        "preliminary": SubmissionStatus.IN_PROGRESS,
        "amended": SubmissionStatus.AMENDED,
        "final": final,
        "": final,
    }
    return known.get(state, SubmissionStatus.UNKNOWN)


def _author(node: JsonObject) -> str:
    """Give the type of who filled it in, from the reference or its `type`."""
    literal = text(node, "reference").rsplit("/", 2)
    return literal[-2] if len(literal) > 1 else text(node, "type")
