"""Writing down what a look at a peer has settled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from accord.delivery.asking import ATTEST_BY_HAND, DUPLICATE_DOCUMENT, ask, call_off
from accord.delivery.desk import Desk
from accord.delivery.looking import Sight
from accord.delivery.readback import Found
from accord.delivery.replacing import ask_to_retire, takes
from accord.domain.effects import EffectState, Intent, Rung
from accord.domain.identifiers import EffectKey
from accord.domain.relay import FILED_BY_US, NEWER_VERSION
from accord.domain.settling import Settlement, Step
from accord.domain.wires import ReadBack
from accord.ledger.beacons import KnownObject
from accord.ledger.records import EffectRow, Move

WHO = "verify"
KNOWN_OF_ONE_LOOK = 3
"""More than one: if the only known object is withdrawn, its absence proves nothing."""


class Settled(NamedTuple):
    """One look's effects at one PowerServer, and what becomes of each."""

    powerserver: str
    rows: Sequence[EffectRow]
    settlements: Mapping[EffectKey, Settlement]
    sight: Sight


def write_down(desk: Desk, batch: Settled) -> None:
    """Move what was settled, ask people what is theirs, and keep a known object for later looks."""
    now = desk.now()
    found, settlements = batch.sight.found, batch.settlements
    for row in batch.rows:
        if settlements[row.key].step is Step.NOTE_ABSENCE:
            desk.ledger.saw_absent(row.key, now)
    unseen = _replaced_unseen(desk, batch)
    moves: list[Move] = []
    for row in batch.rows:
        moves += (
            _overtaken(row.key)
            if row.key in unseen
            else _moves(row, settlements[row.key], found.get(row.key))
        )
    if moves:
        desk.ledger.moves(moves)
    seen = [row for row in batch.rows if settlements[row.key].step is Step.VERIFY]
    if seen:
        _keep_beacons(desk, batch, seen)
        desk.outbox.forget([row.key for row in seen])
        ask_to_retire(desk, seen)
        call_off(desk, [row.key for row in seen if row.state is EffectState.REJECTED])
    _ask_people(desk, batch)


def _ask_people(desk: Desk, batch: Settled) -> None:
    for key, found in batch.sight.found.items():
        if found.copies > 1 or key in batch.sight.doubled:
            ask(desk, DUPLICATE_DOCUMENT, key, key=key)
    if desk.file.site.powerservers[batch.powerserver].read_back is not ReadBack.PERSON:
        return
    asked = {task.key for task in desk.ledger.tasks(desk.slug) if task.kind == ATTEST_BY_HAND}
    for row in batch.rows:
        if row.state is EffectState.LANDED and row.key not in asked:
            ask(desk, ATTEST_BY_HAND, row.key, key=row.key)


def _replaced_unseen(desk: Desk, batch: Settled) -> set[EffectKey]:
    """
    Give what has landed, is not visible, and was replaced or withdrawn by PowerServer meanwhile.

    It is shown no longer, so that it would be looked for in vain.
    """
    settlements = batch.settlements
    verified = {row.key for row in batch.rows if settlements[row.key].step is Step.VERIFY}
    hidden = [
        row for row in batch.rows if row.state is EffectState.LANDED and row.key not in verified
    ]
    chains = desk.ledger.chains(desk.slug, {row.chain for row in hidden}) if hidden else {}
    late = {row.key for row in hidden if settlements[row.key].step is Step.PARK}
    return {
        row.key
        for row in hidden
        for later in chains[row.chain]
        if later.position > row.position
        and (later.key in verified or (row.key in late and later.state in FILED_BY_US))
        and takes(desk, later, _EVENTS.get(later.intent, "T10"), row)
    }


_EVENTS = {Intent.WITHDRAW_DOCUMENT: "T11"}


def _overtaken(key: EffectKey) -> Iterable[Move]:
    for before, to in (
        (EffectState.LANDED, EffectState.PARKED),  # the only way from landed that is not green
        (EffectState.PARKED, EffectState.SUPERSEDED),
    ):
        yield Move(
            key=key,
            to=to,
            who=WHO,
            why="a newer version has replaced it",
            reason=NEWER_VERSION,
            expected=before,
        )


def _moves(row: EffectRow, settlement: Settlement, found: Found | None) -> list[Move]:
    def move(to: EffectState, why: str, rung: Rung | None = None) -> Move:
        return Move(
            key=row.key,
            to=to,
            who=WHO,
            why=why,
            reason=settlement.reason,
            evidence=_evidence(found),
            rung=rung,
        )

    match settlement.step:
        case Step.VERIFY if found is not None:
            seen = move(EffectState.VERIFIED, "seen at the peer", found.rung)
            if row.state is not EffectState.LANDED:
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


def _evidence(found: Found | None) -> dict[str, str | int]:
    if found is None:
        return {}
    return {
        "study": found.study_uid,
        "series": found.series_uid,
        "sop": found.sop_uid,
        "copies": found.copies,
    }


def _keep_beacons(desk: Desk, batch: Settled, seen: Sequence[EffectRow]) -> None:
    """Keep the last documents seen as known objects; a withdrawn one is known to be gone."""
    shown = [row.key for row in seen if row.intent is not Intent.WITHDRAW_DOCUMENT]
    for key in shown[-KNOWN_OF_ONE_LOOK:]:
        found = batch.sight.found[key]
        desk.ledger.put_beacon(
            KnownObject(
                organization=desk.slug,
                powerserver=batch.powerserver,
                study_uid=found.study_uid,
                series_uid=found.series_uid,
                sop_uid=found.sop_uid,
                seen_at=desk.now(),
            )
        )
