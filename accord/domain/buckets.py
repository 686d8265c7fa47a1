from accord.domain.effects import EffectState, Mode
from accord.domain.totals import Bucket

ALREADY_THERE = "already-there"
"""The reason of an effect superseded because another's hand did it: the vendor's, mostly."""

_S, _B = EffectState, Bucket

_BUCKETS: dict[EffectState, Bucket] = {
    _S.IN_DOUBT: _B.IN_DOUBT,
    _S.LANDED: _B.NOT_YET_VISIBLE,
    _S.VERIFIED: _B.VERIFIED,
    _S.UNVERIFIABLE: _B.UNVERIFIABLE,
    _S.REJECTED: _B.REJECTED,
    _S.HELD: _B.HELD,
    _S.PARKED: _B.PARKED,
    _S.DONE_BY_HAND: _B.DONE_BY_HAND,
    _S.SUPERSEDED: _B.SUPERSEDED,
}


def bucket(
    state: EffectState,
    reason: str = "",
    *,
    mode: Mode,
    dry_run: bool = False,
    lease_is_over: bool = False,
) -> Bucket:
    """
    Say where an effect ends in a run's report.

    Planned: what would be done, in `watch` mode or a dry run; else it waits (grace, its chain,
    the peer). Claimed: nothing has left, it waits. Sent: it waits for its answer while its
    worker's lease lasts; after that nobody can tell, so it is in doubt. Done by hand is a
    bucket of its own: it needs nobody any more, and a person's word is not `verified`.
    """
    if state is EffectState.PLANNED:
        return Bucket.WOULD_DO if dry_run or mode is Mode.WATCH else Bucket.WAITING
    if state is EffectState.CLAIMED:
        return Bucket.WAITING
    if state is EffectState.SENT:
        return Bucket.IN_DOUBT if lease_is_over else Bucket.WAITING
    if state is EffectState.SUPERSEDED and reason == ALREADY_THERE:
        return Bucket.ALREADY_THERE
    return _BUCKETS[state]
