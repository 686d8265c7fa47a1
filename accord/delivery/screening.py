"""The gate between OmegaAI and the plan: forms that break a rule are held, the others prepared."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field

from accord.delivery.ahead import ahead
from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.delivery.lineage import Lineage
from accord.delivery.preparing import Draft, Preparer
from accord.delivery.sweeping import SubmissionReader
from accord.domain.base import Record
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState
from accord.domain.forms import (
    Submission,
    SubmissionRef,
    SubmissionStatus,
    Unreadable,
    UnreadableReason,
)
from accord.domain.identifiers import EffectKey
from accord.domain.relay import CANNOT_PREPARE, Prepared
from accord.ledger.planning import PLANNER
from accord.ledger.records import EffectMoveRow
from accord.quality.gate import screen
from accord.quality.submission_facts import submission_facts
from accord.quality.submissions import NEVER_RELEASED, SUBMISSIONS
from accord.rendering.renderer import FormRenderer

READ_AT_ONCE = 250
RENDERED_AT_ONCE = 2  # the typesetter lets go of the interpreter; more than cores gains nothing
NOT_SUBMITTED = frozenset({SubmissionStatus.IN_PROGRESS, SubmissionStatus.STOPPED})
"""
What calls for nothing: saved and not sent, or given up before it was. A status that nobody knows
may well be a submission, so a person is asked.
"""
_GONE = frozenset({UnreadableReason.VANISHED, UnreadableReason.VERSION_GONE})
"""What is over for certain: OmegaAI proves the deletion, or another version stands there."""

_WITH_WORDS = frozenset(
    {
        UnreadableReason.NOT_FOUND,
        UnreadableReason.FAILS,
        UnreadableReason.MALFORMED,
        UnreadableReason.REFUSED,
        UnreadableReason.NOT_OFFERED,
        UnreadableReason.NEIGHBOUR_MISSHAPEN,
    }
)
"""Reasons that call for something else than the rule `submission-readable`: see `guidance`."""


class Screened(Record):
    """What the gate said of one sweep, in opaque keys and codes."""

    items: tuple[Prepared, ...] = ()
    not_submitted: tuple[EffectKey, ...] = ()


@dataclass(repr=False)
class _Page:
    """One page of forms on its way through the gate, by opaque key."""

    read: dict[EffectKey, Submission] = field(default_factory=dict)
    drafts: dict[EffectKey, Draft] = field(default_factory=dict)
    unread: dict[EffectKey, Unreadable] = field(default_factory=dict)
    not_submitted: list[EffectKey] = field(default_factory=list)
    replacing: list[Submission] = field(default_factory=list)
    """All forms of it, whether submitted or not: which of them replace others."""


class Screen:
    """
    Reads, prepares and judges forms page by page, so that memory does not grow with them.

    While one page is judged the next is rendered, and the one after it read.
    """

    def __init__(self, desk: Desk, reader: SubmissionReader, renderer: FormRenderer) -> None:
        self._desk, self._reader = desk, reader
        self._preparer = Preparer(desk, renderer)

    async def screen(self, refs: Sequence[SubmissionRef]) -> Screened:
        """
        Judge the forms of `refs`; the documents of those that pass wait in the outbox.

        Raises:
            CannotJudge: the gate cannot judge a page; nothing of it passes.
            PeerError: OmegaAI failed us.
        """
        items: list[Prepared] = []
        not_submitted: list[EffectKey] = []
        lineage = Lineage(self._desk)
        async with aclosing(ahead(self._drafted(ahead(self._read(refs))))) as drafted:
            async for page in drafted:
                lineage.learn(page.replacing)
                items += await asyncio.to_thread(self._judge, page)
                not_submitted += page.not_submitted
        return Screened(items=lineage.chained(items), not_submitted=tuple(not_submitted))

    async def _read(
        self, refs: Sequence[SubmissionRef]
    ) -> AsyncGenerator[Sequence[Submission | Unreadable], None]:
        for start in range(0, len(refs), READ_AT_ONCE):
            yield await self._reader.read_submissions(refs[start : start + READ_AT_ONCE])

    async def _drafted(
        self, pages: AsyncGenerator[Sequence[Submission | Unreadable], None]
    ) -> AsyncGenerator["_Page", None]:
        async with aclosing(pages):
            async for page in pages:
                yield await asyncio.to_thread(self._draft, page)

    def _draft(self, page: Iterable[Submission | Unreadable]) -> "_Page":
        drafted = _Page()
        for one in page:
            if isinstance(one, Unreadable):
                if one.ref is not None:
                    drafted.unread[self._desk.key_of(one.ref)] = one
            elif one.status in NOT_SUBMITTED:
                drafted.not_submitted.append(self._desk.key_of(one.ref))
                drafted.replacing.append(one)
            else:
                drafted.read[self._desk.key_of(one.ref)] = one
        read = drafted.read
        with ThreadPoolExecutor(RENDERED_AT_ONCE) as pool:
            drafts = pool.map(self._preparer.draft, read.values())
            drafted.drafts.update(zip(read, drafts, strict=True))
        drafted.replacing += read.values()
        return drafted

    def _judge(self, page: "_Page") -> list[Prepared]:
        held = self._held(page)
        items = [*self._prepared(page, held), *self._unreadable(page.unread)]
        note_touches(
            self._desk,
            "read",
            "omegaai",
            (Touch(i.subject, i.source, "held" if i.held else "passed") for i in items),
        )
        return items

    def _held(self, page: "_Page") -> dict[str, list[str]]:
        frame = submission_facts(
            {str(key): one for key, one in page.read.items()},
            {str(key): draft.facts for key, draft in page.drafts.items()},
            organization=self._desk.file,
            now=self._desk.now(),
            unreadable=[str(key) for key in page.unread],
        )
        return screen(frame, SUBMISSIONS).held

    def _prepared(self, page: "_Page", held: Mapping[str, list[str]]) -> list[Prepared]:
        released = self._released(held)
        items: list[Prepared] = []
        orders: list[tuple[str, DocumentOrder]] = []
        for key, one in page.read.items():
            order = self._preparer.order_or_none(key, one, page.drafts[key].content)
            rules = tuple(held.get(key, ()))
            if key in released or not rules:
                stands = tuple(rule for rule in rules if rule in NEVER_RELEASED)
                rules = stands or (() if _can_go(order, one) else (CANNOT_PREPARE,))
            if order is not None and not rules:
                orders.append((self._desk.powerserver_of(one.facility), order))
            items.append(self._preparer.prepared(key, one, order, rules))
        self._desk.outbox.put(orders, unsent=self._unsent([order.key for _, order in orders]))
        return items

    def _unsent(self, keys: Sequence[EffectKey]) -> set[EffectKey]:
        """Say which of these no byte has left of, or a peer has refused."""
        rows = self._desk.ledger.effects(keys) if keys else {}
        return {key for key in keys if key not in rows or rows[key].is_unsent}

    def _released(self, keys: Iterable[str]) -> set[str]:
        """Say which of the held ones a person has released: their word stands over most rules."""
        ledger = self._desk.ledger
        rows = ledger.effects(keys)
        return {
            key
            for key, row in rows.items()
            if row.state is not EffectState.HELD
            and any(is_a_release(move) for move in ledger.moves_of(key))
        }

    def _unreadable(self, entries: Mapping[EffectKey, Unreadable]) -> list[Prepared]:
        released = self._released(entries) if entries else set()
        return [
            Prepared(
                key=key,
                source=str(one.ref),
                source_updated_at=one.ref.last_updated,
                status=SubmissionStatus.UNKNOWN,
                chain=self._desk.chain_named(f"{one.ref.source}/{one.ref.id}"),
                facility="",
                subject="",
                held=(CANNOT_PREPARE if key in released else _why_unreadable(one.reason),),
                gone=one.reason in _GONE,
            )
            for key, one in entries.items()
            if one.ref is not None
        ]


def is_a_release(move: EffectMoveRow) -> bool:
    """Say whether it was a person who let a held effect go on, and not the rules."""
    goes_on = move.before == EffectState.HELD and move.after == EffectState.PLANNED
    return goes_on and move.who != PLANNER


def _why_unreadable(reason: UnreadableReason) -> str:
    """Give the code that says what a person can do about it."""
    return reason.value if reason in _WITH_WORDS else "submission-readable"


def _can_go(order: DocumentOrder | None, submission: Submission) -> bool:
    """Say whether there is a document to file, or a withdrawal, which needs none."""
    if order is None:
        return False
    return bool(order.content) or submission.status is SubmissionStatus.WITHDRAWN
