"""What a person looks for: by document, by human task, by a report's head."""

import pytest

from accord.domain.effects import EffectState, Rung
from accord.ledger.audit import AuditEntry
from accord.ledger.errors import AuditBroken
from accord.ledger.humantasks import TaskToOpen
from accord.ledger.ledger import Ledger
from tests.ledger.builders import BEGINNING, S, an_effect, bring_to, key_of

UID = "2.25.105133419234036053121625004951317429188"


def _seen(ledger: Ledger, name: str, sop: str) -> None:
    bring_to(ledger, name, S.LANDED)
    ledger.move(
        key_of(name), EffectState.VERIFIED, who="verify", why="seen", rung=Rung.BYTES,
        evidence={"study": "1.2", "sop": sop, "copies": 1},
    )  # fmt: skip


def test_an_effect_is_found_by_the_document_it_was_seen_as(ledger: Ledger) -> None:
    """By its whole UID, in its own organization, and not by another piece of evidence."""
    _seen(ledger, "one", UID)
    _seen(ledger, "two", f"{UID}1")
    ledger.plan([an_effect("three")])
    assert [row.key for row in ledger.by_document("lakeside", UID)] == [key_of("one")]
    assert ledger.by_document("hillside", UID) == []
    assert ledger.by_document("lakeside", "1.2") == []


def test_an_effects_tasks_are_found_in_any_state(ledger: Ledger) -> None:
    """Also those that are attested; another effect's are left out."""
    bring_to(ledger, "one", S.PARKED)
    bring_to(ledger, "two", S.PARKED)
    tasks = [
        ledger.open_task(
            TaskToOpen(
                organization="lakeside", process="relay-forms", kind=kind, about=f"{name} {kind}",
                key=key_of(name),
            )
        )
        for name, kind in (("one", "retire-by-hand"), ("one", "look-by-hand"), ("two", "look"))
    ]  # fmt: skip
    ledger.attest(tasks[0].id, who="Ana")
    found = ledger.tasks_about(key_of("one"))
    assert {(task.kind, task.state.value) for task in found} == {
        ("retire-by-hand", "attested"),
        ("look-by-hand", "open"),
    }


def test_a_reports_head_is_found_by_its_beginning(ledger: Ledger) -> None:
    """A report carries sixteen characters of the MAC; later entries do not matter."""
    reported = ledger.audit([_entry("first")])
    ledger.audit([_entry("second")])
    assert ledger.reported_head(reported.mac[:16]) == reported
    assert ledger.verify_audit(reported).seq == reported.seq + 1


@pytest.mark.parametrize("beginning", ["", "%", "_" * 16, "f" * 65], ids=repr)
def test_a_head_that_is_not_there_is_a_broken_trail(ledger: Ledger, beginning: str) -> None:
    """Nothing, and nothing that the database would take for a wildcard, names an entry."""
    ledger.audit([_entry("first")])
    with pytest.raises(AuditBroken, match="reported head is not there"):
        ledger.reported_head(beginning)


def _entry(what: str) -> AuditEntry:
    return AuditEntry(at=BEGINNING, actor="Ana", action="show", what=what)
