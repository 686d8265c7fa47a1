"""Other forms of a patient that the vendor's copy may be, beside the one that is looked for."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import product
from typing import NamedTuple

from accord.delivery.readback import View
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent
from accord.domain.forms import Section, SubmissionSource, SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey, Uid
from accord.domain.recognition import Wanted
from accord.domain.relay import OVER_UNSEEN, Prepared
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
        digest=None if order.is_rendered or not order.digest else order.digest,
    )


_AMENDED = f"{SubmissionStatus.AMENDED}/"


class ThisRun(NamedTuple):
    """What a run knows of its forms before the ledger does."""

    held: tuple[Prepared, ...] = ()
    over: tuple[Prepared, ...] = ()
    """Withdrawn, replaced or gone at their source."""
    sources: Mapping[EffectKey, str] = {}
    """Of everything that may be sent."""


NO_RUN = ThisRun()


class OtherForm(NamedTuple):
    """Another form of the same patient that no document accounts for yet."""

    key: EffectKey
    section: str
    document_type: str
    at: datetime
    digest: Digest | None
    """Of a PDF form, where it is known."""
    is_over: bool = False
    """Whether it was withdrawn or replaced unseen, at `at`: what stood before is not known."""


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


def over(row: EffectRow) -> OtherForm:
    """Say what is known of a version that was over before anybody looked for it."""
    at = row.source_updated_at or row.planned_at
    return OtherForm(row.key, row.section, row.document_type, at, None, is_over=True)


def over_now(item: Prepared) -> OtherForm:
    """Say what is known of a form that this very run found withdrawn, replaced or gone."""
    return held_now(item)._replace(digest=None, is_over=True)


def before(order: DocumentOrder) -> OtherForm:
    """Say what is known of the versions before an amended form's own."""
    at = order.submitted_at
    return OtherForm(order.key, order.section, order.document_type, at, None, is_over=True)


def rivals_of(other: OtherForm, view: View) -> Iterable[Wanted]:
    """Say what another form's copy would look like in this place; what is unknown may be equal."""
    patient, accession = view.place
    section = Section.PATIENT_DOCS if accession is None else Section.DOCUMENTS
    if other.section not in ("", section):
        return
    types = {other.document_type} if other.document_type else {o.document_type for o in view.orders}
    for number, (document_type, at) in enumerate(product(sorted(types), _times(other, view))):
        yield Wanted(
            key=EffectKey(f"{other.key}/{number}"),
            patient=patient,
            section=section,
            document_type=document_type,
            accession=accession,
            submitted_at=at,
            digest=other.digest,
        )


def _times(other: OtherForm, view: View) -> Iterable[datetime]:
    """Give when it may have been submitted; what was over unseen, at any time before its end."""
    if not other.is_over:
        return [other.at]
    return sorted({min(one.at or other.at, other.at) for one in view.seen})


def is_unaccounted(row: EffectRow) -> bool:
    """Say whether an effect files a document that has not been told from others yet."""
    files = row.intent is not Intent.WITHDRAW_DOCUMENT
    return files and row.state in _NOT_ACCOUNTED_FOR and uid_of(row) is None


def is_over_unseen(row: EffectRow) -> bool:
    """
    Say whether an effect's version, or one before it, was over before anybody looked for it.

    What is amended when we first meet it had a version that we never met.
    """
    if row.intent is Intent.WITHDRAW_DOCUMENT or row.occasion.startswith(_AMENDED):
        return not row.position
    is_over = row.state is EffectState.SUPERSEDED and row.reason in OVER_UNSEEN
    return is_over and uid_of(row) is None


def resource_of(source: str) -> str:
    """Give a form's source without its version."""
    return source.partition("/_history/")[0]


def is_rendered(source: str) -> bool:
    """Say whether a form's document is our own print, by its source at OmegaAI."""
    return source.startswith(f"{SubmissionSource.RESPONSE}/")


def uid_of(row: EffectRow) -> Uid | None:
    """Give the UID under which an effect's document was found, ours or the vendor's."""
    uid = row.evidence.get("sop")
    return Uid(str(uid)) if uid else None
