"""Reading back: what has left us is looked for at the peer until it is settled."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from accord.adapters.errors import PeerError
from accord.delivery.asking import (
    READ_BACK_DOWN,
    READ_BACK_UNPROVEN,
    RETIRE_OLD_VERSION,
    lower_alerts,
    raise_alert,
)
from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.delivery.looking import Looker, Sight
from accord.delivery.outbox import tidy
from accord.delivery.partial import NOT_LOOKED_AT, READ_BACK, tell_of_places
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import SameContent
from accord.delivery.removed import look_again
from accord.delivery.replacing import earlier_of
from accord.delivery.settling import Settled, write_down
from accord.domain.effects import EffectState
from accord.domain.identifiers import EffectKey
from accord.domain.settling import STAY, Look, Open, Settlement, Step, settle
from accord.domain.wires import DocumentRoute, PowerServerWire, ReadBack
from accord.ledger.records import EffectRow

LEFT_US = (EffectState.LANDED, EffectState.IN_DOUBT, EffectState.REJECTED)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
_ALERTS = {READ_BACK_DOWN, READ_BACK_UNPROVEN}


class Verifier:
    """
    Settles what has left us and is not finished, by looking at each PowerServer.

    What a look means is decided by `accord.domain.settling`; here it is looked and written down.
    """

    def __init__(
        self, desk: Desk, readers: Mapping[str, DocumentReader], same_content: SameContent
    ) -> None:
        self._desk, self._readers, self._same_content = desk, readers, same_content
        self.settled: Counter[str] = Counter()
        self.blind: dict[str, PeerError] = {}
        """PowerServers that could not be read, and why: nothing is concluded from that."""
        self._unproven: set[str] = set()
        self._alive: set[str] = set()
        self._not_whole: set[str] = set()
        self._touched: dict[EffectKey, Touch] = {}

    async def verify(
        self,
        *,
        patience_s: float,
        again: Collection[EffectKey] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """
        Look, settle, and look again for what has landed and is not visible yet.

        Args:
            patience_s: how long this run polls, in seconds; later runs go on.
            again: verified before, and to be looked for once more: is it still there?
        """
        waited, pause = 0.0, FIRST_PAUSE_S
        try:
            while await self._look_once() and waited < patience_s:
                await sleep(pause)
                waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_S)
            if again:
                await self._look_again(again)
        finally:
            await asyncio.to_thread(self._conclude)

    async def _look_once(self) -> int:
        """Look once; count what has landed and may become visible if looked for again."""
        desk = self._desk
        rows = await asyncio.to_thread(desk.ledger.open_effects, desk.slug, desk.process, LEFT_US)
        by_server: dict[str, list[EffectRow]] = defaultdict(list)
        for row in rows:
            if row.state is not EffectState.REJECTED or _is_worth_a_look(desk, row):
                by_server[desk.powerserver_of(row.facility)].append(row)
        counts = await asyncio.gather(*(self._at(name, some) for name, some in by_server.items()))
        return sum(counts)

    async def _at(self, powerserver: str, rows: Sequence[EffectRow]) -> int:
        desk = self._desk
        wire = desk.file.site.powerservers[powerserver]
        sight = await self._seen(powerserver, wire, rows)
        settlements = {row.key: _settle(row, sight, wire, desk) for row in rows}
        self._note(powerserver, rows, sight, settlements)
        batch = Settled(powerserver, rows, settlements, sight)
        await asyncio.to_thread(write_down, desk, batch)
        if powerserver in self.blind or wire.read_back is not ReadBack.DICOM:
            return 0
        landed = {row.key for row in rows if row.state is EffectState.LANDED}
        hidden = landed - sight.not_whole  # what is not listed whole now will not be in a second
        return sum(settlements[key].step is Step.STAY for key in hidden)

    async def _seen(
        self, powerserver: str, wire: PowerServerWire, rows: Sequence[EffectRow]
    ) -> Sight:
        """Look, where this site lets us; what could not be read gives an empty sight."""
        if wire.read_back is not ReadBack.DICOM:
            return Sight()
        try:
            sight = await self._looker(powerserver).look(rows)
        except PeerError as error:
            self.blind[powerserver] = error
            return Sight()
        self.blind.pop(powerserver, None)
        return sight

    def _looker(self, powerserver: str) -> Looker:
        reader = self._readers[powerserver]
        return Looker(self._desk, powerserver, reader, self._same_content)

    def _note(
        self,
        powerserver: str,
        rows: Sequence[EffectRow],
        sight: Sight,
        settlements: Mapping[EffectKey, Settlement],
    ) -> None:
        """Keep for the end of the run what is alerted and audited once, not at each look."""
        if sight.is_alive:
            self._alive.add(powerserver)
        (self._not_whole.add if sight.not_whole else self._not_whole.discard)(powerserver)
        if any(settlement.unproven for settlement in settlements.values()):
            self._unproven.add(powerserver)
        for row in rows:
            self.settled[settlements[row.key].step] += 1
            outcome = self._outcome(powerserver, row.key, sight)
            self._touched[row.key] = Touch(row.subject, row.key, outcome)

    def _outcome(self, powerserver: str, key: EffectKey, sight: Sight) -> str:
        if key in sight.found:
            return sight.found[key].rung
        if key in sight.not_whole:
            return NOT_LOOKED_AT
        return "blind" if powerserver in self.blind else "not-seen"

    async def _look_again(self, keys: Collection[EffectKey]) -> None:
        """Look for what was verified before, and for what people were asked to retire."""
        tasks = await asyncio.to_thread(self._desk.ledger.tasks, self._desk.slug)
        retiring = [str(t.details["replaced"]) for t in tasks if t.kind == RETIRE_OLD_VERSION]
        rows = await asyncio.to_thread(self._desk.ledger.effects, [*keys, *retiring])
        by_server: dict[str, list[EffectRow]] = defaultdict(list)
        for row in rows.values():
            by_server[self._desk.powerserver_of(row.facility)].append(row)
        for powerserver, some in by_server.items():
            if self._desk.file.site.powerservers[powerserver].read_back is not ReadBack.DICOM:
                continue
            reader = self._readers[powerserver]
            try:
                looker = self._looker(powerserver)
                touches, proven = await look_again(self._desk, looker, reader, some)
            except PeerError as error:
                self.blind[powerserver] = error
                continue
            (self._alive if proven else self._unproven).add(powerserver)
            self._touched |= {EffectKey(touch.what): touch for touch in touches}

    def _conclude(self) -> None:
        desk = self._desk
        note_touches(desk, "read-back", "powerserver", self._touched.values())
        for powerserver in sorted(self._alive | self._unproven | self.blind.keys()):
            if powerserver in self.blind:
                raise_alert(desk, READ_BACK_DOWN, powerserver)
            elif powerserver in self._alive:
                lower_alerts(desk, _ALERTS, powerserver)
            else:
                raise_alert(desk, READ_BACK_UNPROVEN, powerserver)
        seen = (self._alive | self._unproven | self._not_whole) - self.blind.keys()
        tell_of_places(desk, READ_BACK, seen, self._not_whole)
        tidy(desk.outbox, desk.ledger)


def _is_worth_a_look(desk: Desk, row: EffectRow) -> bool:
    """Say whether a refused document is to be looked for here: by us, and not in vain before."""
    unlooked = earlier_of(desk, row).unlooked
    return unlooked and desk.wire_of(row.facility).read_back is ReadBack.DICOM


def _settle(row: EffectRow, sight: Sight, wire: PowerServerWire, desk: Desk) -> Settlement:
    if row.key in sight.not_whole:
        return STAY
    effect = Open(
        state=row.state,
        sent_at=row.sent_at or row.updated_at,
        landed_at=row.landed_at,
        absent_at=row.absent_at,
        safe_to_repeat=wire.document_route is DocumentRoute.C_STORE or wire.hl7.takes_repeats,
    )
    found = sight.found.get(row.key)
    look = Look(
        rung=found.rung if found else None,
        alive=sight.is_alive,
        elsewhere=row.key in sight.elsewhere,
    )
    return settle(effect, look, now=desk.now(), timings=desk.timings, read_back=wire.read_back)
