"""A plan that waits for a person's yes: that plan is carried out, and no other."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accord.ledger.approvals import Decision, PlanRow, ProposedPlan
from accord.ledger.database import Database
from accord.ledger.errors import PlanRefused
from accord.ledger.ledger import Ledger
from tests.ledger.builders import BEGINNING, Clock, key_of


def _a_plan(*names: str) -> ProposedPlan:
    return ProposedPlan(
        organization="lakeside",
        process="relay-forms",
        effects=tuple(key_of(name) for name in names or ("one", "two")),
        expires_at=BEGINNING + timedelta(hours=8),
    )


def _approve(ledger: Ledger, row: PlanRow, **otherwise: str) -> PlanRow:
    digest = otherwise.get("digest", row.digest)
    return ledger.decide(row.id, Decision.APPROVED, who="Ana", digest=digest)


def test_a_retry_does_not_ask_again(ledger: Ledger) -> None:
    """The same run proposes the same plan once more and meets its approval; another run asks."""
    row = ledger.propose(_a_plan(), run="run-1")
    approved = _approve(ledger, row)
    assert (approved.decision, approved.decided_by) == (Decision.APPROVED, "Ana")
    assert ledger.propose(_a_plan(), run="run-1") == approved == ledger.proposed(row.id)
    assert ledger.propose(_a_plan(), run="run-2").decision is Decision.OPEN
    assert _approve(ledger, row) == approved


def test_a_decision_is_audited(ledger: Ledger) -> None:
    """Who said yes to what stands in the trail."""
    before = ledger.audit_head().seq
    _approve(ledger, ledger.propose(_a_plan(), run="run-1"))
    assert ledger.verify_audit().seq == before + 1


def test_what_was_shown_is_what_is_approved(ledger: Ledger) -> None:
    """Another digest than the one on the screen is another plan."""
    row = ledger.propose(_a_plan(), run="run-1")
    with pytest.raises(PlanRefused, match="digest differs"):
        _approve(ledger, row, digest=_a_plan("three").digest)
    with pytest.raises(PlanRefused, match="no such plan"):
        ledger.decide("A" * 20, Decision.APPROVED, who="Ana", digest=row.digest)


def test_a_plan_expires(ledger: Ledger, clock: Clock) -> None:
    """What it rests on is old by then: it is read again and proposed anew."""
    row = ledger.propose(_a_plan(), run="run-1")
    clock.forward(timedelta(hours=8))
    with pytest.raises(PlanRefused, match="expired"):
        _approve(ledger, row)


def test_a_plan_made_again_after_its_end_is_a_new_one(ledger: Ledger, clock: Clock) -> None:
    """The run that is retried the next day finds the same to do, and asks once more."""
    first = ledger.propose(_a_plan(), run="run-1")
    clock.forward(timedelta(hours=8))
    later = _a_plan().model_copy(update={"expires_at": clock() + timedelta(hours=8)})
    second = ledger.propose(later, run="run-1")
    assert second.id != first.id
    assert ledger.propose(later, run="run-1") == second
    assert ledger.plan_of("lakeside", "relay-forms", "run-1") == second
    assert _approve(ledger, second).decision is Decision.APPROVED


def test_a_plan_says_word_for_word_what_it_changes(ledger: Ledger, url: str) -> None:
    """The words are part of what is approved; behind the ledger's back nobody changes them."""
    worded = _a_plan().model_copy(update={"contents": ("name: CT", "name: MR")})
    row = ledger.propose(worded, run="run-1")
    assert row.digest != ledger.propose(_a_plan(), run="run-1").digest
    assert ledger.plan_contents(row.id) == {key_of("one"): "name: CT", key_of("two"): "name: MR"}
    database = Database(url)
    for change in ("UPDATE plan_item SET content = 'name: XR'", "DELETE FROM plan_item"):
        with pytest.raises(DBAPIError, match="never changed"), database.write() as connection:
            connection.execute(text(change))
    database.close()


def test_a_refused_plan_stays_refused(ledger: Ledger) -> None:
    """Decided once; the other answer needs a new plan."""
    row = ledger.propose(_a_plan(), run="run-1")
    ledger.decide(row.id, Decision.REFUSED, who="Bea", digest=row.digest)
    with pytest.raises(PlanRefused, match="refused before"):
        _approve(ledger, row)


@pytest.mark.parametrize(
    "change", ["digest = 'x'", "effects = '[]'", "expires_at = proposed_at", "decision = 'open'"]
)
def test_a_plan_is_not_changed_behind_its_approval(ledger: Ledger, url: str, change: str) -> None:
    """The database holds its content, its end and its decision."""
    _approve(ledger, ledger.propose(_a_plan(), run="run-1"))
    database = Database(url)
    with pytest.raises(DBAPIError, match="decided once"), database.write() as connection:
        connection.execute(text(f"UPDATE plan SET {change}"))
    database.close()
