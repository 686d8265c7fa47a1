"""One look at a peer for what has left us: what is there, what is doubled, what is gone."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from accord.delivery.accounting import Accounts, Remaining
from accord.delivery.desk import Desk
from accord.delivery.ports import DocumentReader
from accord.delivery.presence import Matched, present
from accord.delivery.readback import Found, SameContent, View, contents_of, match, views
from accord.delivery.replacing import as_successor, standing_before
from accord.delivery.rivals import wanted_of
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent, Rung
from accord.domain.identifiers import EffectKey, Uid
from accord.domain.recognition import Shown, Wanted, recognise
from accord.domain.relay import Recognition
from accord.ledger.records import EffectRow


@dataclass
class Sight:
    """What one look at one PowerServer gave."""

    found: dict[EffectKey, Found] = field(default_factory=dict)
    doubled: set[EffectKey] = field(default_factory=set)
    """Found, and a document that is not ours may be the same form's: the vendor's copy."""
    elsewhere: set[EffectKey] = field(default_factory=set)
    """Not found where it belongs, but something stands there under its title."""
    not_whole: set[EffectKey] = field(default_factory=set)
    """Of a place that was not shown whole: neither found nor absent."""
    is_alive: bool = False
    """Whether the way of reading found anything that is known to be there."""


class Looker:
    """Looks at one PowerServer for one organization's documents."""

    def __init__(
        self, desk: Desk, powerserver: str, reader: DocumentReader, same_content: SameContent
    ) -> None:
        self._desk, self._powerserver, self._reader = desk, powerserver, reader
        self._same_content = same_content

    async def look(self, rows: Sequence[EffectRow]) -> Sight:
        """
        Look for the documents of `rows`, and for the absence of what they withdraw.

        Raises:
            PeerError: the peer could not be asked; nothing may be concluded from that.
        """
        sight = Sight()
        orders = await asyncio.to_thread(self._orders, rows)
        async with aclosing(views(self._reader, orders)) as pages:
            async for page in pages:
                await self._at(page, sight)
        sight.elsewhere -= sight.found.keys()
        sight.is_alive = bool(sight.found) or await self.is_proven_alive()
        if sight.is_alive:
            sight.found |= await self._withdrawn(rows, sight.found.keys() | sight.not_whole)
        return sight

    async def is_proven_alive(self, but: frozenset[Uid] = frozenset()) -> bool:
        """Say whether an object known to be there is found, of those that are not in `but`."""
        known = await asyncio.to_thread(
            self._desk.ledger.beacons, self._desk.slug, self._powerserver
        )
        for each in known:
            if each.sop_uid in but:
                continue
            if await self._reader.sees(each.study_uid, each.series_uid, each.sop_uid):
                return True
        return False

    def _orders(self, rows: Sequence[EffectRow]) -> list[DocumentOrder]:
        """Give the orders to look for, without their bytes, each with the title it went under."""
        filing = {row.key: row for row in rows if row.intent is not Intent.WITHDRAW_DOCUMENT}
        later = {row.chain for row in filing.values() if row.position}
        chains = self._desk.ledger.chains(self._desk.slug, later) if later else {}
        orders = []
        for key, (_, order) in self._desk.outbox.orders(list(filing), contents=False).items():
            row = filing[key]
            parent = standing_before(row, chains.get(row.chain, ()))
            orders.append(as_successor(self._desk, row, order, parent) if parent else order)
        return orders

    async def _at(self, page: Sequence[View], sight: Sight) -> None:
        sight.elsewhere |= {o.key for v in page for o in v.orders if o.title in v.elsewhere}
        crowded = [view for view in page if len(view.seen) > len(view.orders)]
        known: set[Uid] = set()
        if crowded:
            accounts = await asyncio.to_thread(Accounts, self._desk, crowded, self._same)
            known = accounts.placed()
        read = await contents_of(self._reader, page, known=known, refused={})
        await asyncio.to_thread(self._match, read, sight)
        whole = {order.key for view, _ in read for order in view.orders}
        sight.not_whole |= {o.key for view in page for o in view.orders} - whole

    def _same(self, order: DocumentOrder, content: bytes) -> bool:
        return self._same_content(self._desk.outbox.content(order.key), content)

    def _match(self, read: Sequence[tuple[View, Mapping[Uid, bytes]]], sight: Sight) -> None:
        """Match documents to orders; what is left over may be the vendor's copy of one of them."""
        page = [
            Matched(*each, match(each[0].orders, each[0].seen, each[1], self._same))
            for each in read
        ]
        for place in page:
            sight.found |= place.found
        sight.found |= present(self._desk, page, self._same)
        puzzles = []
        for view, bytes_of, _ in page:
            found = [sight.found[order.key] for order in view.orders if order.key in sight.found]
            its = {each.sop_uid for each in found}
            left = tuple(s for s in view.seen if s.sop_uid in bytes_of and s.sop_uid not in its)
            if left and found:
                puzzles.append((replace(view, seen=left), bytes_of))
        if puzzles:
            left_views = [view for view, _ in puzzles]
            remaining = Accounts(self._desk, left_views, self._same).remaining(
                left_views, [bytes_of for _, bytes_of in puzzles]
            )
            for view, rest in zip(left_views, remaining, strict=True):
                sight.doubled |= self._doubled(view, rest, sight)

    def _doubled(self, view: View, rest: Remaining, sight: Sight) -> set[EffectKey]:
        """Give the first form found here that each document left over is another copy of."""
        found = [order for order in view.orders if order.key in sight.found]
        missing = [wanted_of(order) for order in view.orders if order.key not in sight.found]
        doubled = set()
        for one in rest.shown:
            if any(self._compared(one, [*rest.rivals, *missing], rest, but=Recognition.ABSENT)):
                continue  # it may be the copy of a form that is not there by our hand
            # equal bytes of PDF forms were counted when they were matched
            rendered = [wanted_of(order) for order in found if order.is_rendered]
            copies = self._compared(one, rendered, rest, only=Recognition.THERE)
            doubled |= set(copies[:1])
        return doubled

    def _compared(
        self,
        one: Shown,
        forms: Sequence[Wanted],
        rest: Remaining,
        *,
        only: Recognition | None = None,
        but: Recognition | None = None,
    ) -> list[EffectKey]:
        """Give the forms of which a document, compared with each alone, is or may be a copy."""
        tolerance = self._desk.timings.vendor_tolerance
        alone = {
            form.key: recognise([form], [one], ours=rest.ours, tolerance=tolerance)[form.key].found
            for form in forms
        }
        return [key for key, found in alone.items() if found is only or (but and found is not but)]

    async def _withdrawn(
        self, rows: Sequence[EffectRow], may_stand: Collection[EffectKey]
    ) -> dict[EffectKey, Found]:
        """Give the withdrawals whose document is no longer shown; what was not seen may be."""
        withdrawals = [row for row in rows if row.intent is Intent.WITHDRAW_DOCUMENT]
        if not withdrawals:
            return {}
        chains = await asyncio.to_thread(
            self._desk.ledger.chains, self._desk.slug, {row.chain for row in withdrawals}
        )
        gone: dict[EffectKey, Found] = {}
        for row in withdrawals:
            parent = standing_before(row, chains[row.chain])
            uids = uids_in(parent) if parent is not None else None
            if uids is None:
                is_gone = parent is None or (parent.key not in may_stand and self._is_due(parent))
            else:
                is_gone = not await self._reader.sees(*uids)
            if is_gone:
                study, series, sop = uids or (Uid(""), Uid(""), Uid(""))
                gone[row.key] = Found(
                    study_uid=study, series_uid=series, sop_uid=sop, rung=Rung.PRESENT
                )
        return gone

    def _is_due(self, row: EffectRow) -> bool:
        """Say whether what was never read back would show by now, if it still stood there."""
        landed_at = row.landed_at or row.updated_at
        return self._desk.now() - landed_at >= self._desk.timings.visible_within


def uids_in(row: EffectRow) -> tuple[Uid, Uid, Uid] | None:
    """Give the UIDs of study, series and object under which an effect's document was found."""
    try:
        study, series, sop = (str(row.evidence[name]) for name in ("study", "series", "sop"))
    except KeyError:
        return None
    return Uid(study), Uid(series), Uid(sop)
