"""The database itself holds the legal moves, against anybody with an SQL prompt."""

import itertools

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accord.domain.effects import MOVES, EffectState
from accord.ledger.database import Database
from accord.ledger.ledger import Ledger
from tests.ledger.builders import an_effect, bring_to, key_of, states

S = EffectState


def _raw(url: str, statement: str, **parameters: object) -> int:
    database = Database(url)
    try:
        with database.write() as connection:
            return connection.execute(text(statement), parameters).rowcount
    finally:
        database.close()


@pytest.mark.parametrize("before", list(EffectState), ids=str)
def test_a_raw_update_makes_the_legal_moves_and_no_other(
    ledger: Ledger, url: str, before: EffectState
) -> None:
    """Every pair of states, by plain UPDATE: what the domain calls a move goes, all else fails."""
    for after in EffectState:
        name = f"to-{after.name}"
        bring_to(ledger, name, before)
        statement = (
            "UPDATE effect SET state = :after, rung = 'bytes equal', lease_holder = 'x',"
            " lease_until = planned_at WHERE key = :key"
        )
        if (before, after) in MOVES or before is after:
            assert _raw(url, statement, after=after, key=key_of(name)) == 1
        else:
            with pytest.raises(DBAPIError, match="not a legal move"):
                _raw(url, statement, after=after, key=key_of(name))
            assert states(ledger, [name]) == [before]


def test_the_database_knows_the_domains_moves_and_no_other(url: str) -> None:
    """The set is written out in the migration; this holds it to the domain's."""
    database = Database(url)
    with database.read() as connection:
        rows = connection.execute(text("SELECT before, after FROM legal_move"))
        found = {(row.before, row.after) for row in rows}
    database.close()

    assert found == {(str(before), str(after)) for before, after in MOVES}


@pytest.mark.parametrize("state", [s for s in EffectState if s is not S.PLANNED], ids=str)
def test_an_effect_begins_as_planned(ledger: Ledger, url: str, state: EffectState) -> None:
    """No row appears in any other state, whoever inserts it."""
    ledger.plan([an_effect("one")])
    with pytest.raises(DBAPIError, match="begins as planned"):
        _raw(url, _copy_of_one(f"'{state}'"), key=key_of("two"), of=key_of("one"))


def _copy_of_one(state: str, verb: str = "INSERT INTO") -> str:
    columns = (
        "organization, process, intent, subject, chain, position, occasion, source, section,"
        " document_type, facility, digest, parent, barrier, reason, rung, evidence, attempts,"
        " lease_holder, lease_token, planned_at, moved_by, moved_why, updated_at, run, lease_until"
    )
    values = columns.replace("position", "position + 1").replace("lease_holder", "'x'")
    values = values.replace("rung", "'bytes equal'").replace("lease_until", "planned_at")
    return (
        f"{verb} effect (key, state, {columns})"
        f" SELECT :key, {state}, {values} FROM effect WHERE key = :of"
    )


def test_an_effect_is_not_replaced(ledger: Ledger, url: str) -> None:
    """`INSERT OR REPLACE`, which on SQLite deletes without a word, does not reset an effect."""
    bring_to(ledger, "one", S.VERIFIED)
    verb = "INSERT OR REPLACE INTO" if url.startswith("sqlite") else "INSERT INTO"
    with pytest.raises(DBAPIError, match="there already"):
        _raw(url, _copy_of_one("'planned'", verb), key=key_of("one"), of=key_of("one"))
    assert states(ledger, ["one"]) == [S.VERIFIED]


@pytest.mark.parametrize(
    "column", ["organization", "process", "intent", "subject", "chain", "occasion", "parent",
               "barrier", "key"]
)  # fmt: skip
def test_what_an_effect_is_about_never_changes(ledger: Ledger, url: str, column: str) -> None:
    """Key, organization, chain and intent are written once; once sent, the subject too."""
    bring_to(ledger, "one", S.IN_DOUBT)
    with pytest.raises(DBAPIError, match="never changes"):
        _raw(url, f"UPDATE effect SET {column} = 'OTHERWISEOTHERWISE22'")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param("digest = 'other'", "byte-equal", id="other bytes after a send"),
        pytest.param("lease_token = lease_token - 1", "only grow", id="an older token"),
        pytest.param("attempts = 0", "only grow", id="attempts forgotten"),
        pytest.param("retired_at = planned_at", "only what is over", id="retired while open"),
    ],
)
def test_what_only_grows_or_stays_does(ledger: Ledger, url: str, change: str, says: str) -> None:
    """Tokens and attempts only grow; the digest of what was sent stays; open rows stay whole."""
    bring_to(ledger, "one", S.IN_DOUBT)
    with pytest.raises(DBAPIError, match=says):
        _raw(url, f"UPDATE effect SET {change}")


def test_a_doubt_is_not_planned_again_without_a_first_look(ledger: Ledger, url: str) -> None:
    """In doubt leaves towards a second send only after an absence was seen before."""
    bring_to(ledger, "one", S.IN_DOUBT)
    _raw(url, "UPDATE effect SET absent_at = NULL")
    with pytest.raises(DBAPIError, match="seen absent"):
        _raw(url, "UPDATE effect SET state = 'planned'")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM effect",
        "DELETE FROM effect_move",
        "UPDATE effect_move SET who = 'nobody'",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM legal_move",
        "UPDATE legal_move SET after = 'sent'",
        "INSERT INTO legal_move (before, after) VALUES ('verified', 'planned')",
        "TRUNCATE effect CASCADE",
        "TRUNCATE audit_entry",
    ],
)
def test_history_is_only_added_to(ledger: Ledger, url: str, statement: str) -> None:
    """Effects, moves, audit entries and the legal moves are neither deleted nor rewritten."""
    if statement.startswith("TRUNCATE") and url.startswith("sqlite"):
        statement = "DELETE FROM effect"  # SQLite has no TRUNCATE
    bring_to(ledger, "one", S.VERIFIED)
    with pytest.raises(DBAPIError, match=r"never (changed|deleted)"):
        _raw(url, statement)


@pytest.mark.parametrize("state", list(EffectState), ids=str)
def test_every_change_of_state_has_its_entry(ledger: Ledger, state: EffectState) -> None:
    """The log of moves begins at birth and leads, step by step, to where the effect is."""
    bring_to(ledger, "one", state)

    log = ledger.moves_of(key_of("one"))

    assert [log[0].before, log[0].after] == ["", S.PLANNED]
    assert log[-1].after is state
    assert all(entry.who and entry.why for entry in log)
    for earlier, later in itertools.pairwise(log):
        assert later.before == earlier.after
        assert (earlier.after, later.after) in MOVES
