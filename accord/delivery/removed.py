"""What was verified once and is looked for again: is it still there?"""

import asyncio
from collections.abc import Iterable, Sequence

from accord.delivery.asking import (
    REMOVED_AFTER_LANDING,
    RETIRE_OLD_VERSION,
    lower_alerts,
    raise_alert,
)
from accord.delivery.auditing import Touch
from accord.delivery.desk import Desk
from accord.delivery.looking import Looker, uids_in
from accord.delivery.ports import DocumentReader
from accord.delivery.readback import LOOKS_AT_ONCE
from accord.delivery.replacing import standing_at_the_end
from accord.domain.effects import EffectState, Intent
from accord.domain.identifiers import Uid
from accord.ledger.breaks import SeenBreak
from accord.ledger.records import EffectRow

REMOVED = REMOVED_AFTER_LANDING.upper().replace("-", "_")
"""The break's code."""
_SEEN = frozenset({EffectState.VERIFIED, EffectState.SUPERSEDED})
"""What was seen at the peer has UIDs: ours, or the vendor's that was there already."""


async def look_again(
    desk: Desk, looker: Looker, reader: DocumentReader, rows: Iterable[EffectRow]
) -> tuple[list[Touch], bool]:
    """
    Look for documents that were verified before; what is gone is a break, never a second send.

    Also says whether the way of reading was proven; if not, nothing is concluded.

    Gone is what two looks do not find while another known object is found. An old version that a
    person was asked to retire is expected to be gone, and then the request is done.

    Raises:
        PeerError: the peer could not be asked; nothing may be concluded from that.
    """
    filed = [
        row
        for row in rows
        if row.state in _SEEN
        and row.intent is not Intent.WITHDRAW_DOCUMENT
        and uids_in(row) is not None
    ]
    missing = await _missing(reader, filed)
    shown = [row for row in filed if row not in missing]
    gone = frozenset(_sop(row) for row in missing)
    if missing and not shown and not await looker.is_proven_alive(but=gone):
        return [Touch(row.subject, row.key, "not-seen") for row in missing], False
    if missing:
        missing = await _missing(reader, missing)
    await asyncio.to_thread(_write_down, desk, shown, missing)
    touches = [Touch(row.subject, row.key, "still-there") for row in shown]
    return touches + [Touch(row.subject, row.key, "gone") for row in missing], True


async def _missing(reader: DocumentReader, rows: Sequence[EffectRow]) -> list[EffectRow]:
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def is_shown(row: EffectRow) -> bool:
        uids = uids_in(row)
        assert uids is not None
        async with gate:
            return await reader.sees(*uids)

    shown = await asyncio.gather(*map(is_shown, rows))
    return [row for row, is_there in zip(rows, shown, strict=True) if not is_there]


def _write_down(desk: Desk, shown: Sequence[EffectRow], gone: Sequence[EffectRow]) -> None:
    chains = desk.ledger.chains(desk.slug, {row.chain for row in gone})
    retired = set()
    for row in gone:
        standing = standing_at_the_end(chains[row.chain])
        if standing is None or standing.key != row.key:
            retired.add(row.key)  # replaced or withdrawn since: it is meant to be gone
            continue
        seen = SeenBreak(
            organization=desk.slug, process=desk.process, code=REMOVED, subject=row.key
        )
        desk.ledger.saw_break(seen, run=desk.run)
        raise_alert(desk, REMOVED_AFTER_LANDING, row.key, key=row.key)
    if retired:
        for task in desk.ledger.tasks(desk.slug):
            if task.kind == RETIRE_OLD_VERSION and task.details.get("replaced") in retired:
                desk.ledger.observed(task.id)
    _close(desk, {row.key for row in shown})


def _close(desk: Desk, keys: set[str]) -> None:
    """Close the breaks of what shows again."""
    for each in desk.ledger.breaks(desk.slug, desk.process):
        if each.code == REMOVED and each.subject in keys:
            desk.ledger.close_break(each.id)
            lower_alerts(desk, {REMOVED_AFTER_LANDING}, each.subject)


def _sop(row: EffectRow) -> Uid:
    uids = uids_in(row)
    assert uids is not None
    return uids[2]
