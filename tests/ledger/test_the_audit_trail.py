"""The audit trail shows when an entry was changed, removed, swapped or cut off."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from accord.ledger.audit import EMPTY, AuditEntry, AuditHead
from accord.ledger.database import Database
from accord.ledger.errors import AuditBroken
from accord.ledger.ledger import Ledger
from tests.ledger.builders import BEGINNING, SITE_KEY, Clock, key_of


def _entries(count: int) -> list[AuditEntry]:
    return [
        AuditEntry(
            at=BEGINNING, actor="relay-forms/run-1", action="write", peer="powerserver",
            entity="PATIENTOPAQUE", what=key_of(f"n{n}"), outcome="landed",
        )
        for n in range(count)
    ]  # fmt: skip


def _tamper(url: str, *statements: str) -> None:
    """As somebody with all rights over the database would: the guards set aside first."""
    database = Database(url)
    with database.write() as connection:
        if database.is_sqlite:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_entry_{verb}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
    database.close()


def test_a_whole_trail_is_found_whole(ledger: Ledger) -> None:
    """Over several pages and appends; the head is what the report carries."""
    start = ledger.audit_head().seq
    for _ in range(3):
        head = ledger.audit(_entries(500))
    assert head.seq == start + 1500
    assert ledger.audit_head() == head == ledger.verify_audit(head)
    assert ledger.audit([]) == head
    assert ledger.verify_audit(EMPTY) == head


_CHANGE = "UPDATE audit_entry SET {} WHERE seq = {}"
_SWAP = (
    "UPDATE audit_entry SET seq = -5 WHERE seq = 5",
    "UPDATE audit_entry SET seq = 5 WHERE seq = 6",
    "UPDATE audit_entry SET seq = 6 WHERE seq = -5",
)


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        pytest.param([_CHANGE.format("entity = 'PATIENTOPAQUF'", 5)], 5, id="one byte"),
        pytest.param([_CHANGE.format("outcome = 'rejected'", 7)], 7, id="an outcome"),
        pytest.param([_CHANGE.format("actor = ''", 1)], 1, id="the first"),
        pytest.param(
            ["UPDATE audit_entry SET at = '2026-01-01 00:00:00.000000' WHERE seq = 4"], 4, id="time"
        ),
        pytest.param(["DELETE FROM audit_entry WHERE seq = 6"], 6, id="deleted"),
        pytest.param(["DELETE FROM audit_entry WHERE seq = 1"], 1, id="first deleted"),
        pytest.param(_SWAP, 5, id="swapped"),
        pytest.param(
            ["DELETE FROM audit_entry WHERE seq = 6",
             "UPDATE audit_entry SET seq = seq - 1 WHERE seq > 6"],
            6, id="deleted and closed up",
        ),
        pytest.param(
            ["INSERT INTO audit_entry SELECT 0, at, actor, action, peer, entity, what, outcome, mac"
             " FROM audit_entry WHERE seq = 3"],
            1, id="slipped in before the first",
        ),
        pytest.param(["DELETE FROM audit_entry WHERE seq > 8"], 9, id="end cut off"),
    ],
)  # fmt: skip
def test_the_first_broken_entry_is_found(
    ledger: Ledger, url: str, statements: list[str], first: int
) -> None:
    """Whoever has the database but not the site's key cannot mend the chain."""
    reported = ledger.audit(_entries(10))
    _tamper(url, *statements)
    with pytest.raises(AuditBroken) as broken:
        ledger.verify_audit(reported)
    assert broken.value.seq == first


def test_a_time_that_is_none_any_more_is_found_too(ledger: Ledger, url: str) -> None:
    """SQLite takes any text, PostgreSQL `infinity`; verification does not stumble over either."""
    no_time = "infinity" if url.startswith("postgresql") else "a long time ago"
    ledger.audit(_entries(3))
    _tamper(url, f"UPDATE audit_entry SET at = '{no_time}' WHERE seq = 2")
    with pytest.raises(AuditBroken) as broken:
        ledger.verify_audit()
    assert broken.value.seq == 2


def test_an_end_that_was_cut_off_is_seen_against_a_report(ledger: Ledger, url: str) -> None:
    """By itself a shortened trail is whole; the head in yesterday's report says otherwise."""
    reported = ledger.audit(_entries(10))
    _tamper(url, "DELETE FROM audit_entry WHERE seq > 8")
    assert ledger.verify_audit().seq == 8
    with pytest.raises(AuditBroken):
        ledger.verify_audit(reported)


def test_another_key_does_not_vouch_for_it(ledger: Ledger, url: str, clock: Clock) -> None:
    """Somebody rewrites the whole trail with a key of their own: the site's key refuses it."""
    ledger.audit(_entries(3))
    with (
        Ledger(url, site_key=b"another key, as long as the first", now=clock) as other,
        pytest.raises(AuditBroken),
    ):
        other.verify_audit()


def test_many_appenders_make_one_chain(ledger: Ledger, url: str, clock: Clock) -> None:
    """Four ledgers on one database append at once: no number twice, no link broken."""
    start = ledger.audit_head().seq
    ledgers = [Ledger(url, site_key=SITE_KEY, now=clock) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: one.audit(_entries(5)), itertools.chain(*[ledgers] * 5)))
    for one in ledgers:
        one.close()
    assert ledger.verify_audit() == ledger.audit_head()
    assert ledger.audit_head().seq == start + 100


def test_a_head_is_two_short_fields() -> None:
    """What a report prints: a number and a MAC."""
    assert AuditHead(seq=1, mac="ab").model_dump() == {"seq": 1, "mac": "ab"}
