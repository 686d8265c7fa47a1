"""
What is there by its title alone: the bytes cannot be fetched, or PowerServer made others of them.

Our title names the form and the minute of its submission. Where one document and one form of a
place have it, and no other form that we know of may have it too, the document is ours: present
with the right type and owner. Where anything speaks against that, nothing is concluded.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from accord.delivery.desk import Desk
from accord.delivery.readback import Found, SameDocument, View, place_of
from accord.delivery.rivals import uid_of
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import Intent, Rung
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import EffectKey, Uid
from accord.ledger.records import EffectRow
from accord.rendering.pdf import digest, inspect, tells_all_of


class Matched(NamedTuple):
    """One place, the bytes of its documents, and what bytes or content have proven."""

    view: View
    contents: Mapping[Uid, bytes]
    found: Mapping[EffectKey, Found]


class _Titled(NamedTuple):
    """An order, and the only document here that has its title."""

    place: Matched
    order: DocumentOrder
    document: DocumentSeen

    @property
    def content(self) -> bytes | None:
        """The document's bytes; None where they could not be fetched."""
        return self.place.contents.get(self.document.sop_uid)


def present(desk: Desk, page: Sequence[Matched], same: SameDocument) -> dict[EffectKey, Found]:
    """Give the orders of `page` that were not found, and are there by their title alone."""
    titled = [each for place in page for each in _titled(place)]
    if not titled:
        return {}
    others = _Others(desk, titled, same)
    return {
        each.order.key: Found(
            study_uid=each.document.study_uid,
            series_uid=each.document.series_uid,
            sop_uid=each.document.sop_uid,
            rung=Rung.PRESENT,
        )
        for each in titled
        if not others.may_own(each) and _may_be_rewritten(desk, each)
    }


def _titled(place: Matched) -> Iterator[_Titled]:
    view = place.view
    orders = Counter(order.title for order in view.orders)
    documents = Counter(one.title for one in view.seen)
    taken = {found.sop_uid for found in place.found.values()}
    for order in view.orders:
        is_alone = orders[order.title] == documents[order.title] == 1
        if order.key in place.found or not is_alone or order.title in view.elsewhere:
            continue
        one = next(one for one in view.seen if one.title == order.title)
        if one.sop_uid not in taken and _is_said_to_be(one, order):
            yield _Titled(place, order, one)


def _is_said_to_be(one: DocumentSeen, order: DocumentOrder) -> bool:
    """Ask of every trait that the peer itself says it: what is left open proves nothing here."""
    is_its_study = order.section is Section.PATIENT_DOCS or (
        one.accession is not None and one.accession == order.accession
    )
    return (
        one.document_type == order.document_type
        and one.section is order.section
        and one.patient == order.patient.id
        and one.issuer_returned
        and is_its_study
    )


def _may_be_rewritten(desk: Desk, each: _Titled) -> bool:
    """Say whether bytes that are not ours may be made of ours: no page and no word is less."""
    if each.content is None:
        return True  # shown, and not handed out: there are no bytes to speak against it
    sent = desk.outbox.content(each.order.key)
    theirs, ours = inspect(each.content), inspect(sent)
    is_readable = not (theirs.damaged or theirs.encrypted or theirs.empty)
    if not is_readable or not theirs.pages >= ours.pages > 0:
        return False
    if not theirs.has_text and not theirs.filled_fields:
        return True  # pictures of pages, as good as not handed out
    return tells_all_of(each.content, sent)


class _Others:
    """The patients' other forms: which of the documents may be one of theirs."""

    def __init__(self, desk: Desk, titled: Sequence[_Titled], same: SameDocument) -> None:
        self._desk, self._same = desk, same
        self._rows: dict[str, list[EffectRow]] = defaultdict(list)
        subjects = {desk.name_of(each.order.patient.id) for each in titled}
        for row in desk.ledger.of_subjects(desk.slug, desk.process, subjects):
            self._rows[row.subject].append(row)
        keys = [row.key for rows in self._rows.values() for row in rows if _is_at_large(row)]
        self._orders = {
            key: order for key, (_, order) in desk.outbox.orders(keys, contents=False).items()
        }
        digests = {digest(content) for each in titled if (content := each.content) is not None}
        self._carrying: dict[str, set[EffectKey]] = defaultdict(set)
        for row in desk.ledger.by_digests(desk.slug, digests):
            self._carrying[row.digest].add(row.key)

    def may_own(self, each: _Titled) -> bool:
        """Say whether the document may be another form's than its title says."""
        key, uid = each.order.key, each.document.sop_uid
        rows = [r for r in self._rows[self._desk.name_of(each.order.patient.id)] if r.key != key]
        if any(uid_of(row) == uid for row in rows):
            return True
        at_large = [row for row in rows if _is_at_large(row)]
        if any(self._may_share_the_title(row, each.order) for row in at_large):
            return True
        return each.content is not None and self._is_anothers(each.order, each.content, at_large)

    def _may_share_the_title(self, row: EffectRow, order: DocumentOrder) -> bool:
        other = self._orders.get(row.key)
        if other is None:  # only what was sent can be there under a title of ours
            section, document_type = order.section, order.document_type
            return row.attempts > 0 and (
                row.section in ("", section) and row.document_type in ("", document_type)
            )
        names_the_same = _named(other) == _named(order) or other.title == order.title
        return names_the_same and place_of(other) == place_of(order)

    def _is_anothers(
        self, order: DocumentOrder, content: bytes, at_large: Collection[EffectRow]
    ) -> bool:
        if self._carrying[digest(content)] - {order.key}:
            return True
        others = [self._orders[row.key] for row in at_large if row.key in self._orders]
        return any(self._same(other, content) for other in others)


def _is_at_large(row: EffectRow) -> bool:
    """Say whether an effect files a document, and nobody knows yet which one is its own."""
    return row.intent is not Intent.WITHDRAW_DOCUMENT and uid_of(row) is None


def _named(order: DocumentOrder) -> tuple[FormKind, str, datetime]:
    """Give what a title is made of, also where it did not fit or says what it replaces."""
    minute = order.submitted_at.replace(second=0, microsecond=0)
    return order.kind, " ".join(order.form.split()), minute
