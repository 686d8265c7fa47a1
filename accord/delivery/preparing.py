"""From what a patient submitted to the document that PowerServer shall hold."""

from collections.abc import Mapping
from hashlib import sha256
from zoneinfo import ZoneInfo

from accord.adapters.errors import UNFORESEEN
from accord.delivery.desk import Desk
from accord.domain.answers import read_answers
from accord.domain.base import Record
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import (
    FormKind,
    Section,
    Submission,
    SubmissionSource,
    SubmissionStatus,
    Unplaceable,
    place,
)
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.organizations import Facility
from accord.domain.relay import Prepared
from accord.domain.titles import title_of
from accord.quality.submission_facts import DocumentFacts
from accord.rendering.content import FormContent
from accord.rendering.glyphs import Undrawable
from accord.rendering.pdf import inspect
from accord.rendering.renderer import FormRenderer, Unrenderable

NOTHING = Digest("")


class Draft(Record):
    """What could be made of one submission: the document's bytes, and what is known of them."""

    facts: DocumentFacts
    content: bytes = b""


class Preparer:
    """Makes documents of submissions, for one organization."""

    def __init__(self, desk: Desk, renderer: FormRenderer) -> None:
        self._desk, self._renderer = desk, renderer
        self._facilities: Mapping[str, Facility] = {
            facility.slug: facility for facility in desk.file.organization.facilities
        }

    def draft(self, submission: Submission) -> Draft:
        """
        Render a Normal form, or look into a PDF form; what cannot be made is a fact, no error.

        A PDF form is kept byte for byte.
        """
        if submission.status is SubmissionStatus.WITHDRAWN:
            return Draft(facts=DocumentFacts())
        if submission.ref.source is SubmissionSource.DOCUMENT:
            return _looked_into(submission.pdf or b"")
        try:
            return self._rendered(submission)
        except UNFORESEEN:
            return Draft(facts=DocumentFacts(size_bytes=0, is_damaged=True))

    def order_or_none(
        self, key: EffectKey, submission: Submission, content: bytes
    ) -> DocumentOrder | None:
        """Make the order as `order` does; none of what cannot even be written down either."""
        try:
            order = self.order(key, submission, content)
            if order is not None:
                order.model_dump_json(exclude={"content"})  # as the outbox keeps it
        except UNFORESEEN:
            return None
        return order

    def order(self, key: EffectKey, submission: Submission, content: bytes) -> DocumentOrder | None:
        """
        Make the order of which one effect consists; None where something it needs is unknown.

        All times in it come from the submission, so that the same one gives the same order.
        """
        facility = self._facilities.get(submission.facility)
        if facility is None or submission.patient is None or submission.kind is None:
            return None
        try:
            section = place(submission.kind, submission.accession)
        except Unplaceable:
            return None
        clinical = section is Section.DOCUMENTS
        submitted_at = submission.submitted_at or submission.ref.last_updated
        wire = self._desk.wire_of(facility.slug)
        local = submitted_at.astimezone(ZoneInfo(facility.time_zone))
        locale = self._desk.file.site.locale
        return DocumentOrder(
            key=key,
            intent=Intent.FILE_DOCUMENT,
            patient=submission.patient,
            section=section,
            document_type=wire.document_types[submission.kind],
            title=title_of(submission.kind, submission.title, submitted_at=local, locale=locale),
            kind=submission.kind,
            form=submission.title,
            is_rendered=submission.ref.source is SubmissionSource.RESPONSE,
            is_amended=submission.status is SubmissionStatus.AMENDED,
            accession=submission.accession if clinical else None,
            placer_order=submission.placer_order if clinical else "",
            at=submission.ref.last_updated,
            submitted_at=submitted_at,
            content=content,
            digest=_digest(content),
        )

    def prepared(
        self,
        key: EffectKey,
        submission: Submission,
        order: DocumentOrder | None,
        held: tuple[str, ...],
    ) -> Prepared:
        """Give what the plan needs to know: opaque names and codes, nothing of the patient."""
        ref, kind = submission.ref, submission.kind
        patient = submission.patient
        return Prepared(
            key=key,
            source=str(ref),
            source_updated_at=ref.last_updated,
            status=submission.status,
            kind=kind,
            section=order.section if order else _usual_section(kind),
            document_type=order.document_type if order else "",
            facility=submission.facility,
            subject=self._desk.name_of(patient.id) if patient else "",
            chain=self._desk.chain_named(identity_of(submission)),
            digest=order.digest if order else NOTHING,
            held=held,
            gone=bool(submission.newer_version),
        )

    def _rendered(self, submission: Submission) -> Draft:
        facility = self._facilities.get(submission.facility)
        if submission.patient is None or submission.response is None:
            return Draft(facts=DocumentFacts())
        site = self._desk.file.site
        content = FormContent(
            title=submission.title,
            kind=submission.kind,
            patient=submission.patient,
            facility=facility.name if facility else "",
            submitted_at=submission.submitted_at or submission.ref.last_updated,
            zone=facility.time_zone if facility else site.omegaai.time_zone,
            author=submission.author,
            reference=identity_of(submission),  # without its version: same answers, same bytes
            accession=submission.accession if submission.kind is FormKind.CLINICAL else None,
            answers=read_answers(submission.questionnaire, submission.response, site.locale),
        )
        try:
            document = self._renderer.render(content)
        except Undrawable:
            return Draft(facts=DocumentFacts(missing_glyphs=1))
        except Unrenderable:
            return Draft(facts=DocumentFacts(size_bytes=0, is_damaged=True))
        return Draft(
            facts=DocumentFacts(size_bytes=len(document.content), pages=document.pages),
            content=document.content,
        )


def _looked_into(pdf: bytes) -> Draft:
    facts = inspect(pdf)
    return Draft(
        facts=DocumentFacts(
            size_bytes=len(pdf),
            is_encrypted=facts.encrypted,
            is_damaged=facts.damaged,
            pages=facts.pages,
        ),
        content=pdf,
    )


def _digest(content: bytes) -> Digest:
    return Digest(sha256(content).hexdigest()) if content else NOTHING


def identity_of(submission: Submission) -> str:
    """Name a form across its versions: `Type/id` at OmegaAI."""
    return f"{submission.ref.source}/{submission.ref.id}"


def _usual_section(kind: FormKind | None) -> Section | None:
    if kind is None:
        return None
    return Section.PATIENT_DOCS if kind is FormKind.REGISTRATION else Section.DOCUMENTS
