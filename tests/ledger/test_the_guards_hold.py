"""Each guard, and that it is the guard that holds: the same story without it goes wrong."""

import hmac
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, true
from sqlalchemy.exc import DBAPIError, OperationalError

from accord.domain.effects import EffectState, Mode
from accord.ledger import claiming, transitions, watermarks, working
from accord.ledger.audit import AuditEntry
from accord.ledger.database import Database
from accord.ledger.errors import AuditBroken, SwitchedOff, WatermarkRefused
from accord.ledger.ledger import Ledger
from tests.ledger.builders import (
    BEGINNING,
    LEASE,
    SITE_KEY,
    Clock,
    an_effect,
    bring_to,
    claim,
    claim_one,
    key_of,
    states,
    switch,
)

S = EffectState
Story = Callable[[Ledger, str], None]
_WRONG = (AssertionError, pytest.fail.Exception)


def _raises(kind: type[Exception]) -> AbstractContextManager[object]:
    return pytest.raises(kind)


def _the_switch_stops_what_is_claimed(ledger: Ledger, url: str) -> None:
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    switch(ledger, Mode.WATCH)
    with _raises(SwitchedOff):
        ledger.sent(held)


def _watching_gives_nothing_out(ledger: Ledger, url: str) -> None:
    ledger.plan([an_effect("one")])
    switch(ledger, Mode.WATCH)
    assert claim(ledger) == []


def _a_merge_stops_its_patient(ledger: Ledger, url: str) -> None:
    ledger.plan([an_effect("one", barrier="P")])
    ledger.raise_barrier("lakeside", "P", who="on-call", why="merge")
    assert claim(ledger) == []


def _a_missing_item_stops_the_watermark(ledger: Ledger, url: str) -> None:
    with _raises(WatermarkRefused):
        ledger.advance("lakeside", "relay-forms", "x", to=BEGINNING, sources=["Q/1/_history/1"])


def _a_changed_entry_breaks_the_trail(ledger: Ledger, url: str) -> None:
    ledger.audit([AuditEntry(at=BEGINNING, actor="a", action="read") for _ in range(3)])
    database = Database(url)
    with database.write() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_entry_update"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE audit_entry SET actor = 'b' WHERE seq = 2"))
    database.close()
    with _raises(AuditBroken):
        ledger.verify_audit()


_GUARDS = [
    pytest.param(
        _the_switch_stops_what_is_claimed,
        (working, "_modes", lambda *_: lambda row: Mode.DELIVER),
        id="the mode is read before sending",
    ),
    pytest.param(
        _watching_gives_nothing_out, (claiming, "mode_writes", true), id="and before every claim"
    ),
    pytest.param(
        _a_merge_stops_its_patient, (claiming, "no_barrier", true), id="barriers are looked at"
    ),
    pytest.param(
        _a_missing_item_stops_the_watermark,
        (watermarks, "_without_a_row", lambda *_: ()),
        id="watermarks wait for every item",
    ),
    pytest.param(
        _a_changed_entry_breaks_the_trail,
        (hmac, "compare_digest", lambda *_: True),
        id="every MAC is compared",
    ),
]


@pytest.mark.parametrize(("story", "guard"), _GUARDS)
def test_the_guard_holds(
    ledger: Ledger, url: str, story: Story, guard: tuple[object, str, object]
) -> None:
    """With the guard the story ends well."""
    story(ledger, url)


@pytest.mark.parametrize(("story", "guard"), _GUARDS)
def test_without_the_guard_it_goes_wrong(
    ledger: Ledger, url: str, story: Story, guard: tuple[object, str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same story with the guard taken out: it ends badly, so the guard is what holds."""
    monkeypatch.setattr(*guard)
    with pytest.raises(_WRONG):
        story(ledger, url)


def test_the_database_stands_behind_the_code(
    ledger: Ledger, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the code's own check of moves taken out the database still refuses."""
    monkeypatch.setattr(transitions, "_why_not", lambda *_: None)
    bring_to(ledger, "one", S.VERIFIED)
    with pytest.raises(DBAPIError, match="not a legal move"):
        ledger.move(key_of("one"), S.PLANNED, who="somebody", why="again")
    ledger.plan([an_effect("two")])
    held = claim_one(ledger, "two")
    ledger.sent(held)
    ledger.answered(held, S.IN_DOUBT)
    with pytest.raises(DBAPIError, match="seen absent"):
        ledger.move(key_of("two"), S.PLANNED, who="resolver", why="absent")
    assert states(ledger, ["one", "two"]) == [S.VERIFIED, S.IN_DOUBT]


def test_the_switch_waits_for_sends_under_way(ledger: Ledger, url: str) -> None:
    """Once `set_mode` returns nothing more is sent: a send being committed is waited for."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    database = Database(url)
    off = threading.Thread(target=switch, args=(ledger, Mode.WATCH))
    with database.write() as connection:  # a send, up to its commit
        moment = working.Moment(BEGINNING, 0)
        working.carry_out(connection, [held], moment)
        off.start()
        off.join(0.3)
        assert off.is_alive()
    off.join(10)
    database.close()
    assert states(ledger, ["one"]) == [S.SENT]
    assert ledger.mode("lakeside", "relay-forms") is Mode.WATCH


def test_a_clock_that_was_set_back_opens_nothing(ledger: Ledger, clock: Clock) -> None:
    """An hour back: the lease lasts longer, nobody gets the effect twice."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    clock.forward(-timedelta(hours=1))
    assert ledger.release_expired() == []
    assert claim(ledger, "another") == []
    ledger.sent(held)
    clock.forward(timedelta(hours=1) + LEASE)
    assert [row.state for row in ledger.release_expired()] == [S.IN_DOUBT]


def test_a_full_disk_loses_nothing_and_recovers(
    sqlite_template: Path, tmp_path: Path, clock: Clock
) -> None:
    """No room for the next plan: it fails whole; given room, the same plan succeeds."""
    shutil.copy(sqlite_template, tmp_path / "ledger.db")
    many = [an_effect(f"n{n}") for n in range(400)]
    with Ledger(f"sqlite:///{tmp_path}/ledger.db", site_key=SITE_KEY, now=clock) as ledger:
        ledger.plan([an_effect("before")])
        _give_room(ledger, pages=45)
        with pytest.raises(OperationalError, match="full"):
            ledger.plan(many)
        assert ledger.counts("lakeside", "relay-forms") == {S.PLANNED: 1}
        _give_room(ledger, pages=100_000)
        assert len(ledger.plan(many)) == 400


def _give_room(ledger: Ledger, *, pages: int) -> None:
    with ledger._database.read() as connection:
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
