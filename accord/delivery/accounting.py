"""
Which documents at PowerServer are accounted for: ours, and the vendor's that we have recognised.

A document stands for one form. What was read back or recognised before is known by its UID, what
we sent by its bytes or its title and content. The rest may be any form's that is not accounted
for yet, and those are its rivals: a copy that could be theirs is not taken for another's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from accord.delivery.desk import Desk
from accord.delivery.readback import SameDocument, View, digests_of, may_be, place_of
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import EffectState, Intent
from accord.domain.forms import Section, SubmissionSource
from accord.domain.identifiers import Digest, EffectKey, Uid
from accord.domain.recognition import Shown, Wanted
from accord.domain.relay import ON_THE_WAY, PRESENT_AT_PEER
from accord.ledger.records import EffectRow

_NOT_ACCOUNTED_FOR = frozenset(
    {
        *(EffectState.PLANNED, EffectState.CLAIMED, EffectState.SENT, EffectState.IN_DOUBT),
        *(EffectState.LANDED, EffectState.HELD, EffectState.PARKED, EffectState.REJECTED),
        EffectState.DONE_BY_HAND,
    }
)
"""States whose document, if it is there, has not been told from others yet."""


@dataclass(frozen=True, repr=False)
class Remaining:
    """What a place shows and nothing accounts for, and which other forms it may be."""

    shown: tuple[Shown, ...]
    ours: tuple[Digest, ...]
    """Digests of PDF forms that we sent and have not read back, once for each."""
    rivals: tuple[Wanted, ...]


class Accounts:
    """What the ledger knows of the patients of some places; one question for all of them."""

    def __init__(self, desk: Desk, views: Sequence[View], same: SameDocument) -> None:
        self._desk, self._same = desk, same
        subjects = {desk.name_of(view.place[0]) for view in views}
        self._rows: dict[str, list[EffectRow]] = defaultdict(list)
        for row in desk.ledger.of_subjects(desk.slug, desk.process, subjects):
            self._rows[row.subject].append(row)

    def placed(self) -> set[Uid]:
        """Give the UIDs of documents that are some form's for certain."""
        return {uid for rows in self._rows.values() for row in rows if (uid := _uid(row))}

    def remaining(
        self, views: Sequence[View], contents: Sequence[Mapping[Uid, bytes]]
    ) -> list[Remaining]:
        """
        Give for each place what is accounted for neither by the ledger nor as its orders' own.

        Args:
            views: places without the documents that were matched to their orders.
            contents: the bytes of each view's documents, as far as they could be fetched.
        """
        digests = [digests_of(each) for each in contents]
        everything = {digest for each in digests for digest in each.values()}
        carrying = self._desk.ledger.by_digests(self._desk.slug, everything)
        siblings = self._siblings(views)
        return [
            self._remaining(view, content, by_uid, carrying, siblings)
            for view, content, by_uid in zip(views, contents, digests, strict=True)
        ]

    def _siblings(self, views: Sequence[View]) -> dict[EffectKey, DocumentOrder]:
        """Give the orders of these patients' other forms that are not accounted for."""
        wanted = {order.key for view in views for order in view.orders}
        keys = [
            row.key
            for rows in self._rows.values()
            for row in rows
            if row.key not in wanted and _is_open(row)
        ]
        found = self._desk.outbox.orders(keys, contents=False) if keys else {}
        return {key: order for key, (_, order) in found.items()}

    def _remaining(
        self,
        view: View,
        contents: Mapping[Uid, bytes],
        digests: Mapping[Uid, Digest],
        carrying: Sequence[EffectRow],
        siblings: Mapping[EffectKey, DocumentOrder],
    ) -> Remaining:
        keys = {order.key for order in view.orders}
        rows = [r for r in self._rows[self._desk.name_of(view.place[0])] if r.key not in keys]
        carried = [row for row in carrying if row.key not in keys]
        placed = {uid for row in rows if (uid := _uid(row))}
        rendered = {row.digest for row in carried if _is_rendered(row)}
        free = [
            one
            for one in view.seen
            if one.sop_uid not in placed and digests.get(one.sop_uid) not in rendered
        ]
        here = [o for o in siblings.values() if place_of(o) == view.place and o.key not in keys]
        own = ours_among(here, free, contents, self._same)
        free = [one for one in free if one not in own.values()]
        rivals = [
            rival for row in rows if row.key not in own for rival in _rivals(row, view, siblings)
        ]
        return Remaining(
            shown=tuple(Shown(document=s, digest=digests.get(s.sop_uid)) for s in free),
            ours=tuple(Digest(row.digest) for row in carried if _is_unplaced_pdf(row)),
            rivals=tuple(rivals),
        )


def ours_among(
    orders: Iterable[DocumentOrder],
    seen: Sequence[DocumentSeen],
    contents: Mapping[Uid, bytes],
    same: SameDocument,
) -> dict[EffectKey, DocumentSeen]:
    """
    Find what can only be our own sending of these orders, one to one.

    Our rendering's bytes are nobody else's. A PDF form's bytes may be the vendor's too, and bytes
    may be changed on filing: then our own title tells.
    """
    digests = digests_of(contents)
    free = [one for one in seen if one.sop_uid in contents]
    found: dict[EffectKey, DocumentSeen] = {}
    for order in orders:
        for one in free:
            equal = digests[one.sop_uid] == order.digest
            by_title = one.title == order.title and may_be(one, order)
            sure = (equal and order.is_rendered) or (
                by_title and (equal or same(order, contents[one.sop_uid]))
            )
            if sure and may_be(one, order):
                found[order.key] = one
                free.remove(one)
                break
    return found


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


def _rivals(
    row: EffectRow, view: View, siblings: Mapping[EffectKey, DocumentOrder]
) -> Iterable[Wanted]:
    """Say what another form's copy would look like in this place; what is unknown may be equal."""
    if not _is_open(row):
        return
    if row.key in siblings:
        order = siblings[row.key]
        if place_of(order) == view.place:
            yield wanted_of(order)
        return
    patient, accession = view.place
    section = Section.PATIENT_DOCS if accession is None else Section.DOCUMENTS
    if row.section not in ("", section):
        return
    at = row.updated_at if row.state is EffectState.DONE_BY_HAND else row.source_updated_at
    types = {order.document_type for order in view.orders}
    for number, document_type in enumerate({row.document_type} if row.document_type else types):
        yield Wanted(
            key=EffectKey(f"{row.key}/{number}"),
            patient=patient,
            section=section,
            document_type=document_type,
            accession=accession,
            submitted_at=at or row.planned_at,
            digest=None if _is_rendered(row) or not row.digest else Digest(row.digest),
        )


def _is_open(row: EffectRow) -> bool:
    files = row.intent is not Intent.WITHDRAW_DOCUMENT
    return files and row.state in _NOT_ACCOUNTED_FOR and _uid(row) is None


def _is_rendered(row: EffectRow) -> bool:
    return row.source.startswith(f"{SubmissionSource.RESPONSE}/")


def _is_unplaced_pdf(row: EffectRow) -> bool:
    sent = row.state in PRESENT_AT_PEER | ON_THE_WAY
    return sent and not _is_rendered(row) and _uid(row) is None


def _uid(row: EffectRow) -> Uid | None:
    uid = row.evidence.get("sop")
    return Uid(str(uid)) if uid else None
