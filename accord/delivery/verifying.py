"""Reading back: what has left us is looked for at the peer until it is settled."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from accord.adapters.errors import PeerError
from accord.delivery.desk import Desk
from accord.delivery.outbox import Outbox
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import Found, SameContent, look_for
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent, Rung
from accord.domain.identifiers import EffectKey, Uid
from accord.domain.settling import Look, Open, Settlement, Step, settle
from accord.domain.wires import DocumentRoute, PowerServerWire
from accord.ledger.beacons import KnownObject
from accord.ledger.humantasks import TaskToOpen
from accord.ledger.records import EffectRow, Move

LEFT_US = (EffectState.LANDED, EffectState.IN_DOUBT)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
READ_BACK_UNPROVEN = "read-back-unproven"
DUPLICATE_DOCUMENT = "DUPLICATE_DOCUMENT"
ATTEST_BY_HAND = "attest-by-hand"
WHO = "verify"


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

    async def verify(
        self, *, patience_s: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """
        Look, settle, and look again for what has landed and is not visible yet.

        Args:
            patience_s: how long this run polls, in seconds; later runs go on.
        """
        waited, pause = 0.0, FIRST_PAUSE_S
        while True:
            still = await self._look_once()
            if not still or waited >= patience_s:
                return
            await sleep(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_S)

    async def _look_once(self) -> int:
        """Look once; count what has landed and may become visible if looked for again."""
        desk = self._desk
        rows = await asyncio.to_thread(desk.ledger.open_effects, desk.slug, desk.process, LEFT_US)
        by_server: dict[str, list[EffectRow]] = defaultdict(list)
        for row in rows:
            by_server[desk.powerserver_of(row.facility)].append(row)
        counts = await asyncio.gather(*(self._at(name, some) for name, some in by_server.items()))
        return sum(counts)

    async def _at(self, powerserver: str, rows: Sequence[EffectRow]) -> int:
        desk = self._desk
        orders = {
            key: order for key, (_, order) in desk.outbox.orders([row.key for row in rows]).items()
        }
        reader = self._readers.get(powerserver)
        found: dict[EffectKey, Found] = {}
        alive = False
        if reader is not None:
            try:
                found, alive = await self._look(reader, powerserver, rows, orders)
                self.blind.pop(powerserver, None)
            except PeerError as error:
                self.blind[powerserver] = error
        wire = desk.file.site.powerservers[powerserver]
        settlements = {row.key: _settle(row, found.get(row.key), alive, wire, desk) for row in rows}
        await asyncio.to_thread(self._write, powerserver, rows, settlements, found)
        landed = [r for r in rows if r.state is EffectState.LANDED]
        return (
            sum(settlements[row.key].step is Step.STAY for row in landed)
            if powerserver not in self.blind
            else 0
        )

    async def _look(
        self,
        reader: DocumentReader,
        powerserver: str,
        rows: Sequence[EffectRow],
        orders: Mapping[EffectKey, DocumentOrder],
    ) -> tuple[dict[EffectKey, Found], bool]:
        wanted = [
            orders[row.key]
            for row in rows
            if row.key in orders and row.intent is not Intent.WITHDRAW_DOCUMENT
        ]
        found = await look_for(reader, wanted, self._same_content)
        alive = bool(found) or await self._proven_alive(reader, powerserver)
        if alive:
            found |= await self._gone(reader, rows)
        return found, alive

    async def _proven_alive(self, reader: DocumentReader, powerserver: str) -> bool:
        for known in self._desk.ledger.beacons(self._desk.slug, powerserver):
            if await reader.sees(known.study_uid, known.series_uid, known.sop_uid):
                return True
        return False

    async def _gone(
        self, reader: DocumentReader, rows: Sequence[EffectRow]
    ) -> dict[EffectKey, Found]:
        """Give the withdrawals whose document is no longer shown."""
        gone = {}
        for row in rows:
            if row.intent is not Intent.WITHDRAW_DOCUMENT:
                continue
            parent = self._desk.ledger.effects([row.parent]).get(row.parent)
            uids = _uids(parent.evidence) if parent is not None else None
            if uids is not None and not await reader.sees(*uids):
                gone[row.key] = Found(
                    study_uid=uids[0], series_uid=uids[1], sop_uid=uids[2], rung=Rung.PRESENT
                )
        return gone

    def _write(
        self,
        powerserver: str,
        rows: Sequence[EffectRow],
        settlements: Mapping[EffectKey, Settlement],
        found: Mapping[EffectKey, Found],
    ) -> None:
        desk, now = self._desk, self._desk.now()
        moves: list[Move] = []
        for row in rows:
            settlement = settlements[row.key]
            self.settled[settlement.step] += 1
            if settlement.unproven:
                self._ask_once(READ_BACK_UNPROVEN, powerserver, None)
            if settlement.step is Step.NOTE_ABSENCE:
                desk.ledger.saw_absent(row.key, now)
            moves += _moves(row, settlement, found.get(row.key))
        desk.ledger.moves(moves)
        seen = [key for key in found if settlements[key].step is Step.VERIFY]
        if seen:
            desk.ledger.put_beacon(_beacon(desk, powerserver, found[seen[-1]], now))
            desk.outbox.forget(seen)
        for key in seen:
            if found[key].copies > 1:
                self._ask_once(DUPLICATE_DOCUMENT, key, key)

    def _ask_once(self, kind: str, about: str, key: EffectKey | None) -> None:
        self._desk.ledger.open_task(
            TaskToOpen(
                organization=self._desk.slug,
                process=self._desk.process,
                kind=kind.lower().replace("_", "-"),
                about=about,
                key=key,
            )
        )


def _settle(
    row: EffectRow, found: Found | None, alive: bool, wire: PowerServerWire, desk: Desk
) -> Settlement:
    effect = Open(
        state=row.state,
        sent_at=row.sent_at or row.updated_at,
        landed_at=row.landed_at,
        absent_at=row.absent_at,
        safe_to_repeat=wire.document_route is DocumentRoute.C_STORE or wire.hl7.takes_repeats,
    )
    look = Look(rung=found.rung if found else None, alive=alive)
    return settle(effect, look, now=desk.now(), timings=desk.timings, read_back=wire.read_back)


def _moves(row: EffectRow, settlement: Settlement, found: Found | None) -> list[Move]:
    def move(to: EffectState, why: str, rung: Rung | None = None) -> Move:
        evidence: dict[str, str | int] = {}
        if found is not None:
            evidence = {
                "study": found.study_uid,
                "series": found.series_uid,
                "sop": found.sop_uid,
                "copies": found.copies,
            }
        return Move(
            key=row.key,
            to=to,
            who=WHO,
            why=why,
            reason=settlement.reason,
            evidence=evidence,
            rung=rung,
        )

    match settlement.step:
        case Step.VERIFY if found is not None:
            seen = move(EffectState.VERIFIED, "seen at the peer", found.rung)
            if row.state is EffectState.IN_DOUBT:
                return [move(EffectState.LANDED, "seen at the peer"), seen]
            return [seen]
        case Step.RESEND:
            return [move(EffectState.PLANNED, "absent twice, and safe to repeat")]
        case Step.PARK:
            return [move(EffectState.PARKED, "a person has to look")]
        case Step.MARK_UNVERIFIABLE:
            return [move(EffectState.UNVERIFIABLE, "the site offers no read-back")]
        case _:
            return []


def _uids(evidence: Mapping[str, str | int]) -> tuple[Uid, Uid, Uid] | None:
    try:
        return Uid(str(evidence["study"])), Uid(str(evidence["series"])), Uid(str(evidence["sop"]))
    except KeyError:
        return None


def _beacon(desk: Desk, powerserver: str, found: Found, now: datetime) -> KnownObject:
    return KnownObject(
        organization=desk.slug,
        powerserver=powerserver,
        study_uid=found.study_uid,
        series_uid=found.series_uid,
        sop_uid=found.sop_uid,
        seen_at=now,
    )


def unfinished(outbox: Outbox, rows: Sequence[EffectRow]) -> list[EffectRow]:
    """Give the rows whose document is no longer prepared here and has to be prepared again."""
    held = outbox.holds([row.key for row in rows])
    return [row for row in rows if row.key not in held]
