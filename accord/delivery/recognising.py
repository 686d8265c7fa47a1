"""Looking before sending: what the vendor has delivered by itself is already there."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from accord.adapters.errors import PeerError
from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.ports import DocumentReader
from accord.delivery.rivals import ThisRun
from accord.delivery.vendor_copies import NOT_THERE, look_at
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent, Mode
from accord.domain.forms import SubmissionStatus
from accord.domain.identifiers import EffectKey
from accord.domain.relay import Prepared
from accord.domain.wires import ReadBack
from accord.ledger.records import EffectRow

WATCHED_FOR = timedelta(days=1)
"""In watch mode, a form that is missing at PowerServer is looked for again this long."""


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
        *(look_at(desk, readers[name], orders, run) for name, orders in by_server.items()),
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


def not_looked_at(desk: Desk, looked: Mapping[EffectKey, Looked]) -> list[EffectRow]:
    """Give what could leave now, or would in watch mode, had its place been shown whole."""
    return [row for row in _waiting(desk) if row.key not in looked]


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
        if (row.planned_at >= now - WATCHED_FOR if watching else row.is_due(now))
    ]
