"""Delivering: claim what may leave now, and carry it out, until nothing is left."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from accord.delivery.courier import CLAIMED_AT_ONCE, Courier
from accord.delivery.desk import Desk
from accord.delivery.ports import DocumentWriter
from accord.delivery.replacing import for_its_chain
from accord.domain.identifiers import EffectKey
from accord.ledger.grouped import GroupedLedger
from accord.ledger.records import Claim

_KEYS_AT_ONCE = 500
_LEFT = ("landed", "rejected", "in doubt")


async def deliver(
    desk: Desk, writers: Mapping[str, DocumentWriter], may_leave: Collection[EffectKey]
) -> int:
    """
    Carry out what is planned, each effect once; give how many were claimed.

    Only what this run has looked for at PowerServer may leave: `may_leave`. Of it only heads of
    chains whose time has come, and nothing once the mode is `watch`.

    Raises:
        PeerError: a PowerServer could not be reached; what was not sent is planned again.
    """
    claimed = 0
    async with GroupedLedger(desk.ledger) as grouped:
        courier = Courier(desk, grouped, writers, adapt=partial(for_its_chain, desk))
        for claims in _claims(desk, list(may_leave)):
            claimed += len(claims)
            before = sum(courier.outcomes[outcome] for outcome in _LEFT)
            await courier.carry(claims)
            after = sum(courier.outcomes[outcome] for outcome in _LEFT)
            if courier.stopped_by is not None and after == before:
                break
    if courier.stopped_by is not None:
        raise courier.stopped_by
    return claimed


def _claims(desk: Desk, keys: list[EffectKey]) -> Iterator[list[Claim]]:
    """Claim page by page, again as long as any page gives something: chains move on."""
    moved = True
    while moved:
        moved = False
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            page = keys[start : start + _KEYS_AT_ONCE]
            while claims := desk.ledger.claim(
                desk.slug,
                desk.process,
                page,
                holder=desk.actor,
                lease=desk.timings.lease,
                limit=CLAIMED_AT_ONCE,
            ):
                moved = True
                yield claims
