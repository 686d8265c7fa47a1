"""The k-th call to the database fails, in every public method: nothing is half done."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.identifiers import Uid
from accord.ledger.applied import Applied, Owner
from accord.ledger.approvals import Decision, ProposedPlan
from accord.ledger.audit import AuditEntry
from accord.ledger.beacons import KnownObject
from accord.ledger.breaks import SeenBreak
from accord.ledger.humantasks import TaskToOpen
from accord.ledger.ledger import Ledger
from accord.ledger.records import Description, Move
from accord.ledger.tables import LedgerTable
from tests.ledger.builders import (
    BEGINNING,
    LEASE,
    Clock,
    a_chain,
    an_effect,
    bring_to,
    claim,
    claim_one,
    key_of,
)

S = EffectState
_ORGANIZATION, _PROCESS = "lakeside", "relay-forms"
Call = Callable[[], Any]
Story = Callable[[Ledger, Clock], Call]
"""Brings the ledger to where the method matters, and gives the call."""

_TASK = TaskToOpen(organization=_ORGANIZATION, process=_PROCESS, kind="retire-copy", about="one")
_OWNER = Owner(organization=_ORGANIZATION, process=_PROCESS)
_APPLIED = Applied(key="norte/ct-1", live_id="1", fields={"name": "CT"})
_SEEN = SeenBreak(organization=_ORGANIZATION, process=_PROCESS, code="X", subject="Y")
_KNOWN = KnownObject(
    organization=_ORGANIZATION, powerserver="main", study_uid=Uid("1"), series_uid=Uid("2"),
    sop_uid=Uid("3"), seen_at=BEGINNING,
)  # fmt: skip
_PLAN = ProposedPlan(
    organization=_ORGANIZATION, process=_PROCESS, effects=(key_of("one"),),
    expires_at=BEGINNING + timedelta(days=1),
)  # fmt: skip
_STORIES: dict[str, Story] = {}


def _story(tell: Story) -> Story:
    _STORIES[tell.__name__.removeprefix("_")] = tell
    return tell


@_story
def _plan(ledger: Ledger, clock: Clock) -> Call:
    held = an_effect("held", disposition=S.HELD, reason="no-issuer")
    return lambda: ledger.plan([*a_chain("form", 3), held])


@_story
def _describe(ledger: Ledger, clock: Clock) -> Call:
    bring_to(ledger, "one", S.HELD)
    return lambda: ledger.describe(key_of("one"), Description(section="Patient Docs"))


@_story
def _claim(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one"), an_effect("two")])
    return lambda: claim(ledger)


@_story
def _sent(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    return lambda: ledger.sent(held)


@_story
def _carry_out(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one"), an_effect("two")])
    held = claim(ledger)
    return lambda: ledger.carry_out(held)


@_story
def _answered(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    ledger.sent(held)
    return lambda: ledger.answered(held, S.LANDED)


@_story
def _give_back(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    return lambda: ledger.give_back(held)


@_story
def _release_expired(ledger: Ledger, clock: Clock) -> Call:
    bring_to(ledger, "claimed", S.CLAIMED)
    bring_to(ledger, "sent", S.SENT)
    clock.forward(LEASE)
    return ledger.release_expired


@_story
def _move(ledger: Ledger, clock: Clock) -> Call:
    bring_to(ledger, "one", S.LANDED)
    return lambda: ledger.move(key_of("one"), S.VERIFIED, who="a", why="b", rung=Rung.BYTES)


@_story
def _moves(ledger: Ledger, clock: Clock) -> Call:
    wanted = []
    for name in ("one", "two", "three"):
        bring_to(ledger, name, S.HELD)
        wanted.append(Move(key=key_of(name), to=S.PLANNED, who="a", why="b"))
    return lambda: ledger.moves(wanted)


@_story
def _saw_absent(ledger: Ledger, clock: Clock) -> Call:
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    ledger.sent(held)
    ledger.answered(held, S.IN_DOUBT)
    return lambda: ledger.saw_absent(key_of("one"), clock())


@_story
def _set_mode(ledger: Ledger, clock: Clock) -> Call:
    return lambda: ledger.set_mode(_ORGANIZATION, _PROCESS, Mode.WATCH, who="a", why="b")


@_story
def _raise_barrier(ledger: Ledger, clock: Clock) -> Call:
    return lambda: ledger.raise_barrier(_ORGANIZATION, "P", who="a", why="b")


@_story
def _lift_barrier(ledger: Ledger, clock: Clock) -> Call:
    ledger.raise_barrier(_ORGANIZATION, "P", who="a", why="b")
    return lambda: ledger.lift_barrier(_ORGANIZATION, "P", why="b")


@_story
def _advance(ledger: Ledger, clock: Clock) -> Call:
    [row] = ledger.plan([an_effect("one")])
    mark = (_ORGANIZATION, _PROCESS, "responses")
    return lambda: ledger.advance(*mark, to=clock(), sources=[row.source])


@_story
def _open_task(ledger: Ledger, clock: Clock) -> Call:
    return lambda: ledger.open_task(_TASK)


@_story
def _attest(ledger: Ledger, clock: Clock) -> Call:
    task = ledger.open_task(_TASK)
    return lambda: ledger.attest(task.id, who="Ana")


@_story
def _observed(ledger: Ledger, clock: Clock) -> Call:
    task = ledger.open_task(_TASK)
    return lambda: ledger.observed(task.id)


@_story
def _reopen(ledger: Ledger, clock: Clock) -> Call:
    task = ledger.open_task(_TASK)
    ledger.observed(task.id)
    return lambda: ledger.reopen(task.id)


@_story
def _propose(ledger: Ledger, clock: Clock) -> Call:
    return lambda: ledger.propose(_PLAN, run="r")


@_story
def _note_applied(ledger: Ledger, clock: Clock) -> Call:
    ledger.note_applied(_OWNER, _APPLIED)
    return lambda: ledger.note_applied(_OWNER, _APPLIED.model_copy(update={"live_id": "2"}))


@_story
def _forget_applied(ledger: Ledger, clock: Clock) -> Call:
    ledger.note_applied(_OWNER, _APPLIED)
    return lambda: ledger.forget_applied(_OWNER, _APPLIED.key)


@_story
def _decide(ledger: Ledger, clock: Clock) -> Call:
    row = ledger.propose(_PLAN, run="r")
    return lambda: ledger.decide(row.id, Decision.APPROVED, who="Ana", digest=row.digest)


@_story
def _saw_break(ledger: Ledger, clock: Clock) -> Call:
    ledger.saw_break(_SEEN)
    return lambda: ledger.saw_break(_SEEN)


@_story
def _close_break(ledger: Ledger, clock: Clock) -> Call:
    found = ledger.saw_break(_SEEN)
    return lambda: ledger.close_break(found.id)


@_story
def _audit(ledger: Ledger, clock: Clock) -> Call:
    entries = [AuditEntry(at=clock(), actor="a", action="read") for _ in range(3)]
    return lambda: ledger.audit(entries)


@_story
def _note_volumes(ledger: Ledger, clock: Clock) -> Call:
    ledger.note_volumes(_ORGANIZATION, _PROCESS, {"left": 1})
    return lambda: ledger.note_volumes(_ORGANIZATION, _PROCESS, {"left": 2, "right": 3})


@_story
def _put_beacon(ledger: Ledger, clock: Clock) -> Call:
    return lambda: ledger.put_beacon(_KNOWN)


@_story
def _retire(ledger: Ledger, clock: Clock) -> Call:
    bring_to(ledger, "one", S.VERIFIED)
    clock.forward(timedelta(days=400))
    return lambda: ledger.retire(clock())


_READS: dict[str, Callable[[Ledger], Any]] = {
    "effect": lambda ledger: ledger.effect(key_of("one")),
    "effects": lambda ledger: ledger.effects([key_of("one")]),
    "open_effects": lambda ledger: ledger.open_effects(_ORGANIZATION, _PROCESS),
    "by_source": lambda ledger: ledger.by_source(_ORGANIZATION, "x"),
    "by_digest": lambda ledger: ledger.by_digest(_ORGANIZATION, "0" * 64),
    "chain": lambda ledger: ledger.chain(_ORGANIZATION, "chain-one"),
    "by_digests": lambda ledger: ledger.by_digests(_ORGANIZATION, ["0" * 64]),
    "chains": lambda ledger: ledger.chains(_ORGANIZATION, ["chain-one"]),
    "chains_of": lambda ledger: ledger.chains_of(_ORGANIZATION, ["DocumentReference/1"]),
    "of_subjects": lambda ledger: ledger.of_subjects(_ORGANIZATION, _PROCESS, ["form-one"]),
    "counts": lambda ledger: ledger.counts(_ORGANIZATION, _PROCESS),
    "waiting_behind": lambda ledger: ledger.waiting_behind(key_of("one")),
    "moves_of": lambda ledger: ledger.moves_of(key_of("one")),
    "mode": lambda ledger: ledger.mode(_ORGANIZATION, _PROCESS),
    "mode_row": lambda ledger: ledger.mode_row(_ORGANIZATION, _PROCESS),
    "watermark": lambda ledger: ledger.watermark(_ORGANIZATION, _PROCESS, "x"),
    "proposed": lambda ledger: ledger.proposed("x"),
    "plan_of": lambda ledger: ledger.plan_of(_ORGANIZATION, _PROCESS, "r"),
    "plans": lambda ledger: ledger.plans(_ORGANIZATION),
    "plan_contents": lambda ledger: ledger.plan_contents("x"),
    "applied": lambda ledger: ledger.applied(_OWNER),
    "tasks": lambda ledger: ledger.tasks(_ORGANIZATION),
    "breaks": lambda ledger: ledger.breaks(_ORGANIZATION, _PROCESS),
    "audit_head": lambda ledger: ledger.audit_head(),
    "require_our_seal": lambda ledger: ledger.require_our_seal(),
    "verify_audit": lambda ledger: ledger.verify_audit(),
    "reported_head": lambda ledger: ledger.reported_head(ledger.audit_head().mac),
    "tasks_about": lambda ledger: ledger.tasks_about(key_of("one")),
    "by_document": lambda ledger: ledger.by_document(_ORGANIZATION, "1.2.3"),
    "volumes": lambda ledger: ledger.volumes(_ORGANIZATION, _PROCESS),
    "beacons": lambda ledger: ledger.beacons(_ORGANIZATION, "main"),
}


class Broken(OSError):
    """What the database says when its disk fails."""


class Failing:
    """Lets the k-th call to the database fail: a begin, a statement, or a commit."""

    def __init__(self, ledger: Ledger) -> None:
        self._left = 0
        engine = ledger._database.engine
        for name in ("begin", "commit", "before_cursor_execute", "after_cursor_execute"):
            event.listen(engine, name, self._called)

    def at(self, call: int) -> None:
        """Fail at this call from now on, counted from 1; 0 never."""
        self._left = call

    @property
    def has_failed(self) -> bool:
        return self._left == 0

    def _called(self, *_: object) -> None:
        if self._left:
            self._left -= 1
            if not self._left:
                raise Broken("input/output error")


def _everything(ledger: Ledger) -> dict[str, list[str]]:
    with ledger._database.read() as connection:
        return {
            table.name: sorted(repr(row) for row in connection.execute(select(table)))
            for table in LedgerTable.metadata.sorted_tables
        }


def test_every_public_method_is_covered() -> None:
    """A new method comes with its story; a method that only reads is named as one."""
    public = {
        name
        for name, member in inspect.getmembers(Ledger, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }
    assert public == set(_STORIES) | set(_READS)


@pytest.mark.parametrize("method", list(_STORIES))
def test_a_method_that_fails_has_done_nothing(ledger: Ledger, clock: Clock, method: str) -> None:
    """Whichever call fails, the ledger is as before; the same call again does the whole."""
    call = _STORIES[method](ledger, clock)
    before = _everything(ledger)
    failing = Failing(ledger)
    for k in range(1, 100):
        failing.at(k)
        try:
            call()
        except Broken:
            failing.at(0)
            assert _everything(ledger) == before
        else:
            break
    failing.at(0)

    assert k > 3, "begin, one statement and commit at least were let fail"
    assert _everything(ledger) != before


@pytest.mark.parametrize("method", list(_READS))
def test_a_question_that_fails_harms_nothing(ledger: Ledger, clock: Clock, method: str) -> None:
    """It raises, changes nothing, and is answered the next time."""
    bring_to(ledger, "one", S.LANDED)
    before = _everything(ledger)
    failing = Failing(ledger)
    failing.at(1)
    with pytest.raises(Broken):
        _READS[method](ledger)
    failing.at(0)
    _READS[method](ledger)
    assert _everything(ledger) == before
