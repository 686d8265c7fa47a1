"""Modes, watermarks, human tasks, breaks, beacons and retention."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accord.domain.effects import FINISHED, EffectState, Mode
from accord.domain.identifiers import Uid
from accord.ledger.beacons import KEPT, KnownObject
from accord.ledger.breaks import SeenBreak
from accord.ledger.database import Database
from accord.ledger.errors import UnknownTask, WatermarkRefused
from accord.ledger.humantasks import TaskState, TaskToOpen
from accord.ledger.ledger import Ledger
from tests.ledger.builders import BEGINNING, Clock, an_effect, bring_to, key_of

S = EffectState
_MARK = ("lakeside", "relay-forms", "responses")


def _source(name: str) -> str:
    return f"QuestionnaireResponse/{name}/_history/1"


# -- modes


def test_a_mode_remembers_who_set_it_and_why(ledger: Ledger, clock: Clock) -> None:
    """The switch is thrown by a person, and the audit trail has it."""
    before = ledger.audit_head()
    ledger.set_mode("lakeside", "relay-forms", Mode.WATCH, who="Ana", why="peer is being moved")
    row = ledger.mode_row("lakeside", "relay-forms")
    assert row is not None
    assert (row.mode, row.who, row.why) == (Mode.WATCH, "Ana", "peer is being moved")
    assert row.set_at == clock()
    assert ledger.verify_audit().seq == before.seq + 1
    assert ledger.mode_row("lakeside", "nothing") is None


# -- watermarks


def test_a_watermark_waits_for_every_item(ledger: Ledger) -> None:
    """Held counts as there, a human task too; an item without a row stops the watermark."""
    ledger.plan([an_effect("one"), an_effect("two", disposition=S.HELD, reason="no-issuer")])
    to = BEGINNING + timedelta(hours=1)
    sources = [_source(name) for name in ("one", "two", "three")]

    with pytest.raises(WatermarkRefused) as refused:
        ledger.advance(*_MARK, to=to, sources=sources)
    assert refused.value.missing == (_source("three"),)
    assert ledger.watermark(*_MARK) is None

    ledger.open_task(
        TaskToOpen(organization="lakeside", process="relay-forms", kind="retire-copy",
                   about="three", source=_source("three"))
    )  # fmt: skip
    ledger.advance(*_MARK, to=to, sources=sources, run="r1")
    assert ledger.watermark(*_MARK) == to


def test_a_watermark_never_goes_back(ledger: Ledger) -> None:
    """An on-call run over an old window leaves it where it is; the same again is no harm."""
    ledger.advance(*_MARK, to=BEGINNING, sources=[])
    ledger.advance(*_MARK, to=BEGINNING, sources=[])
    with pytest.raises(WatermarkRefused, match="backwards"):
        ledger.advance(*_MARK, to=BEGINNING - timedelta(seconds=1), sources=[])
    assert ledger.watermark(*_MARK) == BEGINNING


def test_another_organizations_rows_do_not_count(ledger: Ledger) -> None:
    """Two organizations may use the same ids at their servers."""
    ledger.plan([an_effect("one", organization="hillside")])
    with pytest.raises(WatermarkRefused):
        ledger.advance(*_MARK, to=BEGINNING, sources=[_source("one")])


# -- human tasks


def _a_task(**fields: object) -> TaskToOpen:
    default = {"organization": "lakeside", "process": "relay-forms", "kind": "retire-copy",
               "about": key_of("one"), "details": {"sop": "1.2.3"}}  # fmt: skip
    return TaskToOpen.model_validate(default | fields)


def test_a_task_is_opened_once(ledger: Ledger, clock: Clock) -> None:
    """Every run names it again; it stays the same task, as far as it has come."""
    first = ledger.open_task(_a_task())
    ledger.attest(first.id, who="Ana", evidence={"document": "D-1"})
    clock.forward(timedelta(days=1))
    again = ledger.open_task(_a_task())
    assert (again.id, again.state, again.opened_at) == (first.id, TaskState.ATTESTED, BEGINNING)
    assert ledger.open_task(_a_task(about="another")).id != first.id


def test_a_task_is_attested_then_observed(ledger: Ledger, clock: Clock) -> None:
    """A person's word first, the wire's later; both keep their time, and neither goes back."""
    task = ledger.open_task(_a_task())
    assert [open_.id for open_ in ledger.tasks("lakeside")] == [task.id]
    attested = ledger.attest(task.id, who="Ana", evidence={"document": "D-1"})
    clock.forward(timedelta(hours=1))
    observed = ledger.observed(task.id)
    assert (attested.attested_by, attested.attested_at) == ("Ana", BEGINNING)
    assert (observed.state, observed.observed_at) == (TaskState.OBSERVED, clock())
    assert ledger.attest(task.id, who="Bea") == observed
    assert ledger.observed(task.id) == observed
    assert ledger.tasks("lakeside") == []
    assert ledger.tasks("lakeside", [TaskState.OBSERVED]) == [observed]


def test_a_task_is_opened_again_as_if_nobody_had_spoken(ledger: Ledger, clock: Clock) -> None:
    """What was seen since overrules the word; it keeps its id, and an open one stays as it is."""
    task = ledger.open_task(_a_task())
    assert ledger.reopen(task.id) == task
    ledger.attest(task.id, who="Ana", why="done")
    clock.forward(timedelta(hours=1))
    opened = ledger.reopen(task.id, run="later")
    assert opened == task.model_copy(update={"opened_at": clock(), "run": "later"})
    with pytest.raises(UnknownTask):
        ledger.reopen("A" * 20)


def test_an_unknown_task_is_said_to_be_unknown(ledger: Ledger) -> None:
    """Nobody attests what was never asked."""
    with pytest.raises(UnknownTask):
        ledger.attest("A" * 20, who="Ana")


# -- breaks


def test_a_break_keeps_its_identity_and_its_age(ledger: Ledger, clock: Clock) -> None:
    """Ten nights the same, closed, and back again: one break, aged from the first night."""
    seen = SeenBreak(
        organization="lakeside", process="relay-forms", code="REMOVED_AFTER_LANDING", subject="X"
    )
    for _ in range(10):
        row = ledger.saw_break(seen)
        clock.forward(timedelta(days=1))
    assert (row.times_seen, row.first_seen_at) == (10, BEGINNING)
    assert ledger.breaks("lakeside", "relay-forms") == [row]
    ledger.close_break(row.id)
    assert ledger.breaks("lakeside", "relay-forms") == []
    assert ledger.saw_break(seen).id == row.id
    assert len(ledger.breaks("lakeside", "relay-forms")) == 1


# -- beacons


def test_beacons_are_the_few_objects_seen_last(ledger: Ledger) -> None:
    """Enough to prove that the way to look is alive; the one seen last comes first."""

    def known(n: int, minutes: int) -> KnownObject:
        uid = Uid(f"1.2.{n}")
        return KnownObject(
            organization="lakeside", powerserver="main", study_uid=uid, series_uid=uid,
            sop_uid=uid, seen_at=BEGINNING + timedelta(minutes=minutes),
        )  # fmt: skip

    for n in range(KEPT + 3):
        ledger.put_beacon(known(n, n))
    ledger.put_beacon(known(5, 99))
    found = ledger.beacons("lakeside", "main")
    assert len(found) == KEPT
    assert found[0] == known(5, 99)
    assert ledger.beacons("lakeside", "other") == []


# -- retention


def test_what_is_over_becomes_a_tombstone(ledger: Ledger, clock: Clock) -> None:
    """Key, digest, chain and state stay; ids at the peers, evidence and names are emptied."""
    before = bring_to(ledger, "one", S.VERIFIED)
    clock.forward(timedelta(days=400))
    assert ledger.retire(clock() - timedelta(days=365)) == 1
    row = ledger.effect(before.key)
    assert (row.source, row.occasion, row.run, row.moved_why) == ("", "", "", "")
    assert row.evidence == {}
    assert (row.digest, row.chain, row.position) == (before.digest, before.chain, 0)
    assert (row.state, row.retired_at) == (S.VERIFIED, clock())
    assert ledger.retire(clock()) == 0


@pytest.mark.parametrize("state", list(EffectState), ids=str)
def test_what_is_not_over_is_never_retired(
    ledger: Ledger, clock: Clock, state: EffectState
) -> None:
    """However old: only what is finished may lose anything."""
    before = bring_to(ledger, "one", state)
    clock.forward(timedelta(days=4000))
    assert ledger.retire(clock()) == (state in FINISHED)
    if state not in FINISHED:
        assert ledger.effect(before.key) == before


def test_an_open_task_keeps_its_effect_whole(ledger: Ledger, clock: Clock) -> None:
    """A person still needs to know what it is about."""
    bring_to(ledger, "one", S.VERIFIED)
    task = ledger.open_task(_a_task(key=key_of("one")))
    clock.forward(timedelta(days=400))
    assert ledger.retire(clock()) == 0
    ledger.attest(task.id, who="Ana")
    assert ledger.retire(clock()) == 1


def test_a_tombstone_still_stops_a_second_send(ledger: Ledger, url: str, clock: Clock) -> None:
    """The same form planned a year later meets its tombstone; nobody brings that back to life."""
    bring_to(ledger, "one", S.SUPERSEDED)
    clock.forward(timedelta(days=400))
    ledger.retire(clock())
    [row] = ledger.plan([an_effect("one")])
    assert row.state is S.SUPERSEDED
    database = Database(url)
    with pytest.raises(DBAPIError, match="tombstone"), database.write() as connection:
        connection.execute(text("UPDATE effect SET moved_by = 'x'"))
    database.close()
