"""Other forms of a patient that the vendor's copy may be, beside the one that is looked for."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from accord.delivery.readback import View
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent
from accord.domain.forms import Section, SubmissionSource
from accord.domain.identifiers import Digest, EffectKey, Uid
from accord.domain.recognition import Wanted
from accord.domain.relay import Prepared
from accord.ledger.records import EffectRow

_NOT_ACCOUNTED_FOR = frozenset(
    {
        *(EffectState.PLANNED, EffectState.CLAIMED, EffectState.SENT, EffectState.IN_DOUBT),
        *(EffectState.LANDED, EffectState.HELD, EffectState.PARKED, EffectState.REJECTED),
        EffectState.DONE_BY_HAND,
    }
)
"""States whose document, if it is there, has not been told from others yet."""


def wanted_of(order: DocumentOrder) -> Wanted:
    """Say what a form's copy would look like."""
    return Wanted(
        key=order.key,
        patient=order.patient.id,
        section=order.section,
        document_type=order.document_type,
        accession=order.accession,
        submitted_at=order.submitted_at,
        digest=None if order.is_rendered else order.digest,
    )


class OtherForm(NamedTuple):
    """Another form of the same patient that no document accounts for yet."""

    key: EffectKey
    section: str
    document_type: str
    at: datetime
    digest: Digest | None
    """Of a PDF form, where it is known."""


def known_of(row: EffectRow) -> OtherForm:
    """Say what the ledger keeps of a form."""
    at = row.updated_at if row.state is EffectState.DONE_BY_HAND else row.source_updated_at
    digest = None if is_rendered(row.source) or not row.digest else Digest(row.digest)
    return OtherForm(row.key, row.section, row.document_type, at or row.planned_at, digest)


def held_now(item: Prepared) -> OtherForm:
    """Say what is known of a form that a rule holds in this very run."""
    digest = None if is_rendered(item.source) else item.digest or None
    section = item.section or ""
    return OtherForm(item.key, section, item.document_type, item.source_updated_at, digest)


def rivals_of(other: OtherForm, view: View) -> Iterable[Wanted]:
    """Say what another form's copy would look like in this place; what is unknown may be equal."""
    patient, accession = view.place
    section = Section.PATIENT_DOCS if accession is None else Section.DOCUMENTS
    if other.section not in ("", section):
        return
    types = {other.document_type} if other.document_type else {o.document_type for o in view.orders}
    for number, document_type in enumerate(sorted(types)):
        yield Wanted(
            key=EffectKey(f"{other.key}/{number}"),
            patient=patient,
            section=section,
            document_type=document_type,
            accession=accession,
            submitted_at=other.at,
            digest=other.digest,
        )


def is_unaccounted(row: EffectRow) -> bool:
    """Say whether an effect files a document that has not been told from others yet."""
    files = row.intent is not Intent.WITHDRAW_DOCUMENT
    return files and row.state in _NOT_ACCOUNTED_FOR and uid_of(row) is None


def is_rendered(source: str) -> bool:
    """Say whether a form's document is our own print, by its source at OmegaAI."""
    return source.startswith(f"{SubmissionSource.RESPONSE}/")


def uid_of(row: EffectRow) -> Uid | None:
    """Give the UID under which an effect's document was found, ours or the vendor's."""
    uid = row.evidence.get("sop")
    return Uid(str(uid)) if uid else None
