"""Looking before sending: what the vendor has delivered by itself is already there."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import LOOKS_AT_ONCE, Place, may_be, place_of
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import EffectState, Mode
from accord.domain.forms import SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.recognition import Shown, Wanted, recognise
from accord.domain.relay import ON_THE_WAY, PRESENT_AT_PEER, Prepared, Recognition
from accord.domain.wires import ReadBack
from accord.ledger.records import EffectRow

WATCHED_FOR = timedelta(days=1)
"""In watch mode, a form that is missing at PowerServer is looked for again this long."""

Orders = Mapping[EffectKey, DocumentOrder]


async def look_before_sending(
    desk: Desk, readers: Mapping[str, DocumentReader], items: Sequence[Prepared]
) -> dict[EffectKey, Looked]:
    """
    Look at PowerServer for what may be sent in this run, each patient's place once.

    Also for what earlier runs planned: the vendor may have delivered it meanwhile. A site
    whose PowerServer shows nothing over DICOM cannot be looked at: there all count as absent.

    Raises:
        PeerError: PowerServer could not be read: nothing is sent without having looked.
    """
    keys = [item.key for item in items if _may_be_sent(item)]
    keys += [row.key for row in _waiting(desk) if row.key not in keys]
    by_server: dict[str, list[DocumentOrder]] = defaultdict(list)
    for powerserver, order in desk.outbox.orders(keys).values():
        if desk.file.site.powerservers[powerserver].read_back is ReadBack.DICOM:
            by_server[powerserver].append(order)
    looks = await asyncio.gather(
        *(_look_at(desk, readers[name], orders) for name, orders in by_server.items())
    )
    return {key: looked for look in looks for key, looked in look.items()}


def _may_be_sent(item: Prepared) -> bool:
    return not item.held and not item.gone and item.status is not SubmissionStatus.WITHDRAWN


def _waiting(desk: Desk) -> list[EffectRow]:
    """Give what is planned and may leave now, or, in watch mode, would have left lately."""
    now = desk.now()
    watching = desk.ledger.mode(desk.slug, desk.process) is Mode.WATCH
    return [
        row
        for row in desk.ledger.open_effects(desk.slug, desk.process, (EffectState.PLANNED,))
        if (row.not_before is None or row.not_before <= now)
        and not (watching and row.planned_at < now - WATCHED_FOR)
    ]


async def _look_at(
    desk: Desk, reader: DocumentReader, orders: Sequence[DocumentOrder]
) -> dict[EffectKey, Looked]:
    by_place: dict[Place, dict[EffectKey, DocumentOrder]] = defaultdict(dict)
    for order in orders:
        by_place[place_of(order)][order.key] = order
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def at(place: Place, wanted: Orders) -> dict[EffectKey, Looked]:
        async with gate:
            seen = await reader.documents_of(*place)
            candidates = [s for s in seen if any(may_be(s, o) for o in wanted.values())]
            if not candidates:
                return {}
            contents = await reader.contents(candidates)
        shown = [_shown(s, contents.get(s.sop_uid)) for s in candidates]
        return _looked(desk, wanted, shown)

    looks = await asyncio.gather(*(at(place, some) for place, some in by_place.items()))
    return {key: looked for look in looks for key, looked in look.items()}


def _shown(seen: DocumentSeen, content: bytes | None) -> Shown:
    digest = Digest(sha256(content).hexdigest()) if content is not None else None
    return Shown(document=seen, digest=digest)


def _looked(desk: Desk, wanted: Orders, shown: Sequence[Shown]) -> dict[EffectKey, Looked]:
    ours = _ours(desk, shown)
    equal = _by_our_own_bytes(wanted, shown, ours)
    others = [_wanted(order) for key, order in wanted.items() if key not in equal]
    found = recognise(
        others,
        shown,
        ours=[*ours, *_digests(equal, wanted)],
        tolerance=desk.timings.vendor_tolerance,
    )
    by_uid = {each.document.sop_uid: each.document for each in shown}
    return {
        **{key: _evidence(document) for key, document in equal.items()},
        **{
            key: _evidence(by_uid[each.sop_uid])
            if each.found is Recognition.THERE and each.sop_uid is not None
            else Looked(found=each.found)
            for key, each in found.items()
        },
    }


def _by_our_own_bytes(
    wanted: Orders, shown: Sequence[Shown], ours: Sequence[Digest]
) -> dict[EffectKey, DocumentSeen]:
    """
    Find what carries our rendering's very bytes although this ledger knows of no sending.

    So it is after a ledger was restored from an older backup: nothing is sent a second time.
    """
    found = {}
    for key, order in wanted.items():
        equal = [s.document for s in shown if s.digest == order.digest]
        if equal and order.digest not in ours and may_be(equal[0], order):
            found[key] = equal[0]
    return found


def _digests(keys: Mapping[EffectKey, DocumentSeen], wanted: Orders) -> list[Digest]:
    return [wanted[key].digest for key in keys]


def _wanted(order: DocumentOrder) -> Wanted:
    return Wanted(
        key=order.key,
        patient=order.patient.id,
        section=order.section,
        document_type=order.document_type,
        accession=order.accession,
        submitted_at=order.submitted_at,
        digest=None if order.is_rendered else order.digest,
    )


def _ours(desk: Desk, shown: Sequence[Shown]) -> list[Digest]:
    """Give the digests of shown documents that we sent, once for each time we did."""
    sent = PRESENT_AT_PEER | ON_THE_WAY
    return [
        digest
        for digest in {each.digest for each in shown if each.digest is not None}
        for row in desk.ledger.by_digest(desk.slug, digest)
        if row.state in sent
    ]


def _evidence(document: DocumentSeen) -> Looked:
    return Looked(
        found=Recognition.THERE,
        evidence={
            "study": document.study_uid,
            "series": document.series_uid,
            "sop": document.sop_uid,
        },
    )
