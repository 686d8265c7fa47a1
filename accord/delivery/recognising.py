"""Looking before sending: what the vendor has delivered by itself is already there."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from accord.adapters.errors import PeerError
from accord.delivery.accounting import Accounts, Remaining
from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.own_copies import ours_among
from accord.delivery.partial import NOT_LOOKED_AT
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import View, contents_of, views
from accord.delivery.rivals import ThisRun, wanted_of
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.effects import EffectState, Intent, Mode
from accord.domain.forms import SubmissionStatus
from accord.domain.identifiers import EffectKey, Uid
from accord.domain.recognition import recognise
from accord.domain.relay import Prepared, Recognition
from accord.domain.wires import ReadBack
from accord.ledger.records import EffectRow
from accord.rendering.pdf import same_content

WATCHED_FOR = timedelta(days=1)
"""In watch mode, a form that is missing at PowerServer is looked for again this long."""

NOT_THERE = Looked(found=Recognition.ABSENT)


async def look_before_sending(
    desk: Desk, readers: Mapping[str, DocumentReader], items: Sequence[Prepared]
) -> dict[EffectKey, Looked]:
    """
    Look at PowerServer for what may be sent in this run, each patient's place once.

    Also for what earlier runs planned: the vendor may have delivered it meanwhile. Every effect
    that may leave in this run is in the answer; a site whose PowerServer shows nothing over DICOM
    cannot be looked at, and there all count as absent. What belongs to a place that PowerServer
    did not show whole, or to one of several PowerServers that could not be read, is left out: it
    is neither there nor absent, and waits.

    Raises:
        PeerError: no PowerServer could be read: nothing is sent without having looked.
    """
    waiting = _waiting(desk)
    keys = dict.fromkeys([item.key for item in items if _may_be_sent(item)])
    keys |= dict.fromkeys(row.key for row in waiting)
    # a withdrawal that is met only now is looked for too: the vendor may have brought the form
    withdrawals = {row.key for row in waiting if row.intent is Intent.WITHDRAW_DOCUMENT}
    by_server = _by_server(desk, [key for key in keys if key not in withdrawals])
    run = ThisRun(
        held=tuple(item for item in items if item.held and not _is_over(item)),
        over=tuple(item for item in items if _is_over(item)),
        sources={row.key: row.source for row in waiting} | {i.key: i.source for i in items},
    )
    looks = await asyncio.gather(
        *(_look_at(desk, readers[name], orders, run) for name, orders in by_server.items()),
        return_exceptions=True,  # one PowerServer's failure is not the others'
    )
    return _together(dict.fromkeys(keys, NOT_THERE), by_server, looks)


def _by_server(desk: Desk, keys: Sequence[EffectKey]) -> dict[str, list[DocumentOrder]]:
    """Give the orders of what can be looked for, by the PowerServer that should show it."""
    found: dict[str, list[DocumentOrder]] = defaultdict(list)
    for powerserver, order in desk.outbox.orders(keys, contents=False).values():
        if desk.wire_named(powerserver).read_back is ReadBack.DICOM:
            found[powerserver].append(order)
    return found


def _together(
    looked: dict[EffectKey, Looked],
    by_server: Mapping[str, Sequence[DocumentOrder]],
    looks: Sequence[tuple[dict[EffectKey, Looked], set[EffectKey]] | BaseException],
) -> dict[EffectKey, Looked]:
    """Put the looks at all PowerServers together; what could not be looked for is left out."""
    failed = [each for each in looks if isinstance(each, BaseException)]
    if failed and len(failed) == len(looks):
        raise failed[0]
    for orders, each in zip(by_server.values(), looks, strict=True):
        if isinstance(each, BaseException):
            if not isinstance(each, PeerError):
                raise each
            each = {}, {order.key for order in orders}
        found, not_whole = each
        looked = {key: look for key, look in (looked | found).items() if key not in not_whole}
    return looked


def not_looked_at(desk: Desk, looked: Mapping[EffectKey, Looked]) -> set[str]:
    """Name the PowerServers where something could leave now, had its place been shown whole."""
    waits = [row for row in _waiting(desk) if row.key not in looked]
    return {desk.powerserver_of(row.facility) for row in waits if row.facility}


def _is_over(item: Prepared) -> bool:
    return item.gone or item.status is SubmissionStatus.WITHDRAWN


def _may_be_sent(item: Prepared) -> bool:
    return not item.held and not item.gone


def _waiting(desk: Desk) -> list[EffectRow]:
    """Give what is planned and may leave now; in watch mode all that was planned lately."""
    now = desk.now()
    watching = desk.ledger.mode(desk.slug, desk.process) is Mode.WATCH
    return [
        row
        for row in desk.ledger.open_effects(desk.slug, desk.process, (EffectState.PLANNED,))
        if (row.planned_at >= now - WATCHED_FOR if watching else _may_leave(row, now))
    ]


def _may_leave(row: EffectRow, now: datetime) -> bool:
    return row.not_before is None or row.not_before <= now


async def _look_at(
    desk: Desk,
    reader: DocumentReader,
    orders: Sequence[DocumentOrder],
    run: ThisRun,
) -> tuple[dict[EffectKey, Looked], set[EffectKey]]:
    """Give what was found, and the keys of the places that were not shown whole."""
    looked: dict[EffectKey, Looked] = {}
    not_whole: set[EffectKey] = set()
    async for page in views(reader, orders):
        showing = [view for view in page if view.seen]
        if showing:
            looked |= await _recognised(desk, reader, showing, run)
        showing += [view for view in page if not view.is_whole]
        not_whole |= {o.key for view in showing for o in view.orders} - looked.keys()
        looked |= _filed_elsewhere(page, looked)
        await asyncio.to_thread(_audit, desk, page, looked, not_whole)
    return looked, not_whole


def _filed_elsewhere(
    page: Sequence[View], looked: Mapping[EffectKey, Looked]
) -> dict[EffectKey, Looked]:
    """Leave to a person what stands there under our own title with another type."""
    return {
        order.key: Looked(found=Recognition.AMBIGUOUS)
        for view in page
        for order in view.orders
        if order.title in view.elsewhere
        and looked.get(order.key, NOT_THERE).found is Recognition.ABSENT
    }


async def _recognised(
    desk: Desk, reader: DocumentReader, page: Sequence[View], run: ThisRun
) -> dict[EffectKey, Looked]:
    def same(order: DocumentOrder, content: bytes) -> bool:
        ours = desk.outbox.content(order.key)
        return bool(ours) and same_content(ours, content)

    accounts = await asyncio.to_thread(Accounts, desk, page, same, run)
    placed = accounts.placed()
    read = await contents_of(reader, [_without(view, placed) for view in page])
    contents = [content for _, content in read]

    def compare() -> dict[EffectKey, Looked]:
        own = [ours_among(view.orders, view.seen, content, same) for view, content in read]
        left = [
            _without(view, {seen.sop_uid for seen in mine.values()})
            for (view, _), mine in zip(read, own, strict=True)
        ]
        looked: dict[EffectKey, Looked] = {}
        for view, mine, rest in zip(left, own, accounts.remaining(left, contents), strict=True):
            others = [order for order in view.orders if order.key not in mine]
            looked |= {key: _evidence(document) for key, document in mine.items()}
            looked |= _the_vendors(desk, others, rest)
            for order in others:
                is_there = looked[order.key].found is Recognition.THERE
                if is_there and accounts.may_be_an_earlier_versions(order):
                    looked[order.key] = Looked(found=Recognition.AMBIGUOUS)
        return looked

    return await asyncio.to_thread(compare)


def _without(view: View, uids: set[Uid]) -> View:
    left = tuple(one for one in view.seen if one.sop_uid not in uids)
    return replace(view, seen=left)


def _the_vendors(
    desk: Desk, orders: Sequence[DocumentOrder], rest: Remaining
) -> dict[EffectKey, Looked]:
    found = recognise(
        [*map(wanted_of, orders), *rest.rivals, *rest.unseen],
        rest.shown,
        ours=rest.ours,
        tolerance=desk.timings.vendor_tolerance,
    )
    by_uid = {each.document.sop_uid: each.document for each in rest.shown}
    return {
        order.key: _evidence(by_uid[each.sop_uid])
        if (each := found[order.key]).sop_uid is not None
        else Looked(found=each.found)
        for order in orders
    }


def _evidence(document: DocumentSeen) -> Looked:
    return Looked(
        found=Recognition.THERE,
        evidence={
            "study": document.study_uid,
            "series": document.series_uid,
            "sop": document.sop_uid,
        },
    )


def _audit(
    desk: Desk,
    page: Sequence[View],
    looked: Mapping[EffectKey, Looked],
    not_whole: Collection[EffectKey],
) -> None:
    def outcome(key: EffectKey) -> str:
        return NOT_LOOKED_AT if key in not_whole else looked.get(key, NOT_THERE).found

    note_touches(
        desk,
        "look",
        "powerserver",
        (
            Touch(desk.name_of(view.place[0]), order.key, outcome(order.key))
            for view in page
            for order in view.orders
        ),
    )
