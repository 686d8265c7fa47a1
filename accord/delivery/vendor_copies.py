"""Looking at one PowerServer: which documents there are the vendor's copies of our forms."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from accord.delivery.accounting import Accounts, Remaining
from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.partial import NOT_LOOKED_AT
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import View, contents_of, views
from accord.delivery.rivals import ThisRun, wanted_of
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.identifiers import EffectKey, Uid
from accord.domain.recognition import recognise
from accord.domain.relay import Recognition
from accord.rendering.pdf import same_content

NOT_THERE = Looked(found=Recognition.ABSENT)


async def look_at(
    desk: Desk,
    reader: DocumentReader,
    orders: Sequence[DocumentOrder],
    run: ThisRun,
) -> tuple[dict[EffectKey, Looked], set[EffectKey]]:
    """Give what was found, and the keys of the places that were not shown whole."""
    looked: dict[EffectKey, Looked] = {}
    not_whole: set[EffectKey] = set()
    async with aclosing(views(reader, orders)) as pages:
        async for page in pages:
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
        own = [accounts.own(view, content) for view, content in read]
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
