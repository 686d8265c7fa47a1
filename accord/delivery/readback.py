"""Looking at a peer for documents: which of those wanted are there, and how surely."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from accord.delivery.ports import DocumentReader
from accord.domain.base import Record
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import Rung
from accord.domain.forms import Section
from accord.domain.identifiers import AccessionNumber, EffectKey, Uid
from accord.domain.people import PatientId

Place = tuple[PatientId, AccessionNumber | None]
SameContent = Callable[[bytes, bytes], bool]
LOOKS_AT_ONCE = 4  # associations are kept per thread; more only queue at the peer


class Found(Record):
    """A wanted document, seen at the peer."""

    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid
    rung: Rung
    copies: int = 1
    """How many documents there carry the very same bytes; more than one is a duplicate."""


def place_of(order: DocumentOrder) -> Place:
    """Say where a document is looked for: its study, or the patient's own documents."""
    accession = order.accession if order.section is Section.DOCUMENTS else None
    return order.patient.id, accession


async def look_for(
    reader: DocumentReader, wanted: Sequence[DocumentOrder], same_content: SameContent
) -> dict[EffectKey, Found]:
    """
    Look at a peer for `wanted`, each place once, and give those that are there.

    The rung is the best that the bytes prove; a document whose bytes differ counts only if
    its content is the same. Places are asked side by side.

    Raises:
        PeerError: the peer could not be asked; nothing may be concluded from that.
    """
    by_place: dict[Place, list[DocumentOrder]] = defaultdict(list)
    for order in wanted:
        by_place[place_of(order)].append(order)
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def at(place: Place, orders: list[DocumentOrder]) -> dict[EffectKey, Found]:
        async with gate:
            seen = await reader.documents_of(*place)
            candidates = [s for s in seen if any(may_be(s, order) for order in orders)]
            contents = await reader.contents(candidates) if candidates else {}
        return await asyncio.to_thread(_match, orders, candidates, contents, same_content)

    looks = await asyncio.gather(*(at(place, orders) for place, orders in by_place.items()))
    return {key: found for look in looks for key, found in look.items()}


def may_be(seen: DocumentSeen, order: DocumentOrder) -> bool:
    """Say whether a document could be an order's, by patient, section and type."""
    type_agrees = not seen.document_type or seen.document_type == order.document_type
    section_agrees = seen.section in (None, order.section)
    return type_agrees and section_agrees and seen.patient == order.patient.id


def _match(
    orders: Sequence[DocumentOrder],
    candidates: Sequence[DocumentSeen],
    contents: Mapping[Uid, bytes],
    same_content: SameContent,
) -> dict[EffectKey, Found]:
    matches = _by_bytes(orders, candidates, contents)
    taken = {found.sop_uid for found in matches.values()}
    for order in orders:
        if order.key in matches:
            continue
        for seen in candidates:
            free = seen.sop_uid not in taken and seen.title == order.title
            if free and may_be(seen, order):
                content = contents.get(seen.sop_uid, b"")
                if same_content(order.content, content):
                    taken.add(seen.sop_uid)
                    matches[order.key] = _found(seen, Rung.CONTENT)
                    break
    return matches


def _by_bytes(
    orders: Sequence[DocumentOrder],
    candidates: Sequence[DocumentSeen],
    contents: Mapping[Uid, bytes],
) -> dict[EffectKey, Found]:
    by_digest: dict[str, list[DocumentSeen]] = defaultdict(list)
    for seen in candidates:
        if seen.sop_uid in contents:
            by_digest[sha256(contents[seen.sop_uid]).hexdigest()].append(seen)
    matches = {}
    for order in orders:
        equal = [s for s in by_digest.get(order.digest, []) if may_be(s, order)]
        if equal:
            matches[order.key] = _found(equal[0], Rung.BYTES, copies=len(equal))
    return matches


def _found(seen: DocumentSeen, rung: Rung, copies: int = 1) -> Found:
    return Found(
        study_uid=seen.study_uid,
        series_uid=seen.series_uid,
        sop_uid=seen.sop_uid,
        rung=rung,
        copies=copies,
    )
