"""Observing OmegaAI: which submitted forms call for something."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from accord.delivery.desk import Desk
from accord.domain.base import Record
from accord.domain.effects import EffectState, Mode
from accord.domain.forms import Submission, SubmissionRef, Unreadable
from accord.domain.identifiers import EffectKey
from accord.ledger.records import EffectRow

SUBMISSIONS = "submissions"
"""Name of the sweep's watermark."""

_OPEN = frozenset(
    {
        EffectState.PLANNED,
        EffectState.HELD,
        EffectState.CLAIMED,
        EffectState.SENT,
        EffectState.IN_DOUBT,
        EffectState.LANDED,
    }
)
_MUST_BE_PREPARED = _OPEN - {EffectState.HELD}


class EmptyWindow(Exception):
    """Nothing can lie between the two moments that were asked for; the text says what to change."""


class SubmissionReader(Protocol):
    """Whoever can read submitted forms from OmegaAI."""

    def submissions(
        self, since: datetime | None, until: datetime | None
    ) -> AsyncIterator[Sequence[SubmissionRef | Unreadable]]:
        """Give pages of what changed between two moments of the server's clock."""

    async def read_submissions(
        self, refs: Sequence[SubmissionRef]
    ) -> list[Submission | Unreadable]:
        """Read forms again, with their neighbours."""


class Observed(Record):
    """What one sweep saw, by ids; no patient data."""

    since: datetime | None
    until: datetime
    refs: tuple[SubmissionRef, ...]
    """Every form that changed in the window, and that calls for a look."""
    to_read: tuple[SubmissionRef, ...]
    """Those that have to be read: new ones, held ones, ones whose document is not at hand, and
    ones of earlier runs that may leave now: what they rest on may have changed since."""
    open_keys: tuple[EffectKey, ...]
    """Effects of earlier runs that are not over."""
    is_a_window: bool = False
    """Whether somebody asked for these moments, instead of what is new."""
    nameless: int = 0
    """Entries of a page that had no id: reported, since nobody can ask for them again."""
    leaned_on: tuple[str, ...] = ()
    """What OmegaAI does not declare, the site vouches for, and this run has used."""


async def sweep(
    desk: Desk,
    reader: SubmissionReader,
    since: datetime | None,
    until: datetime | None,
    *,
    dry_run: bool = False,
) -> Observed:
    """
    Observe what changed, and what earlier runs left open.

    What a killed run had in hand is free again once its lease is over; a dry run leaves even that
    as it is.

    Without `since` the sweep starts at the watermark, less the longest delay of visibility; what
    it sees again and knows already is left out, since it calls for nothing.

    Args:
        since: on the server's clock, aware; None: from the watermark.
        until: on the server's clock, aware; None: up to now.

    Raises:
        EmptyWindow: nothing can lie between the two moments.
        PeerError: OmegaAI failed us.
    """
    if not dry_run:
        desk.ledger.release_expired()
    begun = desk.now()
    start = since or _from_watermark(desk)
    if start and until and until <= start:
        raise EmptyWindow(
            "`until` is not after the moment up to which everything was seen: leave it empty, or "
            "set `since` to an earlier moment too"
        )
    seen: dict[EffectKey, SubmissionRef] = {}
    nameless = 0
    async for page in reader.submissions(start, until):
        for entry in page:
            ref = entry if isinstance(entry, SubmissionRef) else entry.ref
            if ref is None:
                nameless += 1
            else:
                seen[desk.key_of(ref)] = ref
    known = desk.ledger.effects(list(seen))
    unfinished = desk.ledger.open_effects(desk.slug, desk.process, _OPEN)
    new = {key: ref for key, ref in seen.items() if key not in known}
    again = {row.key: _ref(row) for row in _to_read_again(desk, unfinished)}
    return Observed(
        since=start,
        until=until or begun,
        is_a_window=since is not None,
        refs=tuple((seen if since else new).values()),
        to_read=tuple((again | new).values()),
        open_keys=tuple(row.key for row in unfinished),
        nameless=nameless,
    )


def advance(desk: Desk, observed: Observed) -> None:
    """
    Move the watermark to the last change seen, now that each has a row.

    A window that begins after the watermark does not move it: what lies between the two would
    never be looked at.

    Raises:
        WatermarkRefused: something seen has no row; the next sweep sees it again.
    """
    if not observed.refs:
        return
    before = desk.ledger.watermark(desk.slug, desk.process, SUBMISSIONS)
    if _leaves_a_gap(observed, before):
        return
    # a change of the time while we were looking may have been missed where we had looked before
    last = min(max(ref.last_updated for ref in observed.refs), observed.until)
    if before is None or last > before:
        desk.ledger.advance(
            desk.slug,
            desk.process,
            SUBMISSIONS,
            to=last,
            sources=[str(ref) for ref in observed.refs],
            run=desk.run,
        )


def _leaves_a_gap(observed: Observed, before: datetime | None) -> bool:
    """Say whether a window begins after the watermark: what lies between was not looked at."""
    if not observed.is_a_window or observed.since is None:
        return False
    return before is None or observed.since > before


def _from_watermark(desk: Desk) -> datetime | None:
    mark = desk.ledger.watermark(desk.slug, desk.process, SUBMISSIONS)
    # half as much again as the longest delay: the overlap must be longer than the delay
    return mark - 1.5 * desk.timings.visibility_delay if mark else None


def _to_read_again(desk: Desk, rows: Sequence[EffectRow]) -> list[EffectRow]:
    must = [row.key for row in rows if row.state in _MUST_BE_PREPARED]
    prepared = desk.outbox.holds(must)
    watching = desk.ledger.mode(desk.slug, desk.process) is Mode.WATCH
    now = desk.now()
    return [
        row
        for row in rows
        if row.state is EffectState.HELD
        or row.key not in prepared
        or (not watching and _may_leave_first(row, now))
    ]


def _may_leave_first(row: EffectRow, now: datetime) -> bool:
    """Say whether this may be the run in which an effect leaves for the first time."""
    return row.state is EffectState.PLANNED and row.is_unsent and row.is_due(now)


def _ref(row: EffectRow) -> SubmissionRef:
    return SubmissionRef.parse(row.source, row.source_updated_at or row.planned_at)
