"""Looking at a peer for documents: which of those wanted are there, and how surely."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256

from accord.adapters.dicom_partial import OF_ONE_PLACE, NotHandedOut, OddObject
from accord.delivery.ahead import ahead
from accord.delivery.ports import DocumentReader
from accord.domain.base import Record
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import Rung
from accord.domain.forms import Section
from accord.domain.identifiers import AccessionNumber, Digest, EffectKey, Uid
from accord.domain.people import PatientId

Place = tuple[PatientId, AccessionNumber | None]
SameContent = Callable[[bytes, bytes], bool]
SameDocument = Callable[[DocumentOrder, bytes], bool]
LOOKS_AT_ONCE = 4  # associations are kept per thread; more only queue at the peer
PLACES_AT_ONCE = 50
"""Places of one page: what their documents weigh bounds the memory of a look."""


class Found(Record):
    """A wanted document, seen at the peer."""

    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid
    rung: Rung
    copies: int = 1
    """How many documents there say the same; more than one is a duplicate."""


@dataclass(frozen=True, repr=False)
class View:
    """One place as the peer shows it now: the documents there that may be one of the orders'."""

    place: Place
    orders: tuple[DocumentOrder, ...]
    seen: tuple[DocumentSeen, ...]
    elsewhere: frozenset[str] = frozenset()
    """Titles of this patient's documents here that are of no order's type or section."""
    is_whole: bool = True
    """False: the peer did not show all of this place, so that nothing is concluded about it."""


def place_of(order: DocumentOrder) -> Place:
    """Say where a document is looked for: its study, or the patient's own documents."""
    accession = order.accession if order.section is Section.DOCUMENTS else None
    return order.patient.id, accession


async def views(
    reader: DocumentReader, orders: Sequence[DocumentOrder]
) -> AsyncGenerator[list[View], None]:
    """
    List the places of `orders`, each once and some side by side, by pages; a page is asked for
    while its reader works on the one before. Close it (`aclosing`), so that none is left asking.

    A place that cannot be listed whole is named so; the others are listed all the same.

    Raises:
        PeerError: the peer could not be asked; nothing may be concluded from that.
    """
    by_place: dict[Place, list[DocumentOrder]] = defaultdict(list)
    for order in orders:
        by_place[place_of(order)].append(order)
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def at(place: Place, wanted: list[DocumentOrder]) -> View:
        try:
            async with gate:
                seen = await reader.documents_of(*place)
        except OF_ONE_PLACE:
            return View(place, tuple(wanted), (), is_whole=False)
        may = tuple(s for s in seen if any(may_be(s, order) for order in wanted))
        others = (s for s in seen if s not in may and s.patient == place[0])
        return View(place, tuple(wanted), may, frozenset(s.title for s in others))

    async def listed() -> AsyncGenerator[list[View], None]:
        places = list(by_place.items())
        for start in range(0, len(places), PLACES_AT_ONCE):
            page = places[start : start + PLACES_AT_ONCE]
            yield list(await asyncio.gather(*(at(place, wanted) for place, wanted in page)))

    async with aclosing(ahead(listed())) as coming:
        async for page in coming:
            yield page


async def contents_of(
    reader: DocumentReader,
    page: Sequence[View],
    *,
    known: Collection[Uid] = (),
    refused: Mapping[Uid, bytes] | None = None,
) -> list[tuple[View, Mapping[Uid, bytes]]]:
    """
    Give each view with the bytes of its documents, but for the `known` ones.

    A view that is not whole, or of which a document cannot be read, is left out: nothing may be
    concluded about it.

    Args:
        refused: what to take for the bytes of a place whose documents the peer shows and could
            not send; None leaves that place out too.

    Raises:
        PeerError: as for `views`.
    """
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def of(view: View) -> Mapping[Uid, bytes] | None:
        unknown = [seen for seen in view.seen if seen.sop_uid not in known]
        if not unknown:
            return {}
        try:
            async with gate:
                return await reader.contents(unknown)
        except NotHandedOut:
            return refused
        except OddObject:
            return None

    whole = [view for view in page if view.is_whole]
    fetched = await asyncio.gather(*map(of, whole))
    return [(view, each) for view, each in zip(whole, fetched, strict=True) if each is not None]


async def look_for(
    reader: DocumentReader, wanted: Sequence[DocumentOrder], same_content: SameContent
) -> dict[EffectKey, Found]:
    """
    Look at a peer for `wanted`, and give those that are there.

    The rung is the best that the bytes prove; a document whose bytes differ counts only if
    its content is the same.

    Raises:
        PeerError: as for `views`.
    """

    def same(order: DocumentOrder, content: bytes) -> bool:
        return same_content(order.content, content)

    found: dict[EffectKey, Found] = {}
    async with aclosing(views(reader, wanted)) as pages:
        async for page in pages:
            for view, contents in await contents_of(reader, page):
                found |= await asyncio.to_thread(match, view.orders, view.seen, contents, same)
    return found


def may_be(seen: DocumentSeen, order: DocumentOrder) -> bool:
    """Say whether a document could be an order's, by patient, section and type."""
    type_agrees = not seen.document_type or seen.document_type == order.document_type
    section_agrees = seen.section in (None, order.section)
    return type_agrees and section_agrees and seen.patient == order.patient.id


def digests_of(contents: Mapping[Uid, bytes]) -> dict[Uid, Digest]:
    """Give the SHA-256 of each document's bytes."""
    return {uid: Digest(sha256(content).hexdigest()) for uid, content in contents.items()}


def match(
    orders: Sequence[DocumentOrder],
    seen: Sequence[DocumentSeen],
    contents: Mapping[Uid, bytes],
    same: SameDocument,
) -> dict[EffectKey, Found]:
    """
    Find each order's document: by its bytes, else by its title and content; one to one.

    What says the same beyond that counts as copies of what was found.
    """
    digests = digests_of(contents)
    free = [each for each in seen if each.sop_uid in contents]
    found: dict[EffectKey, tuple[DocumentSeen, Rung]] = {}

    def equals(order: DocumentOrder, one: DocumentSeen, rung: Rung) -> bool:
        if rung is Rung.BYTES:
            return digests[one.sop_uid] == order.digest
        return one.title == order.title and same(order, contents[one.sop_uid])

    for rung in (Rung.BYTES, Rung.CONTENT):
        for order in orders:
            if order.key in found:
                continue
            hit = next((s for s in free if may_be(s, order) and equals(order, s, rung)), None)
            if hit is not None:
                found[order.key] = hit, rung
                free.remove(hit)
    left = [(one, contents[one.sop_uid]) for one in free]
    return {
        order.key: _found(*found[order.key], 1 + _copies(order, found[order.key][0], left, same))
        for order in orders
        if order.key in found
    }


def _copies(
    order: DocumentOrder,
    its: DocumentSeen,
    left: Sequence[tuple[DocumentSeen, bytes]],
    same: SameDocument,
) -> int:
    """Count what is left over and says the same as the order, by bytes or by title and content."""
    return sum(
        may_be(one, order)
        and (
            sha256(content).hexdigest() == order.digest
            or (one.title == its.title and same(order, content))
        )
        for one, content in left
    )


def _found(seen: DocumentSeen, rung: Rung, copies: int) -> Found:
    return Found(
        study_uid=seen.study_uid,
        series_uid=seen.series_uid,
        sop_uid=seen.sop_uid,
        rung=rung,
        copies=copies,
    )
