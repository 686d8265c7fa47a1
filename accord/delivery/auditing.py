"""Who touched which patient's documents: entries for the audit trail, a page at a time."""

from collections.abc import Iterable
from typing import NamedTuple

from accord.delivery.desk import Desk
from accord.ledger.audit import AuditEntry


class Touch(NamedTuple):
    """One document of one patient, touched; opaque names and codes only."""

    subject: str
    what: str
    """An effect's key, or a source."""
    outcome: str


def note_touches(desk: Desk, action: str, peer: str, touches: Iterable[Touch]) -> None:
    """Add touches of one kind (`read`, `look`, `write`, `read-back`) to the audit trail."""
    now = desk.now()
    entries = [
        AuditEntry(
            at=now,
            actor=desk.actor,
            action=action,
            peer=peer,
            entity=touch.subject,
            what=touch.what,
            outcome=touch.outcome.replace(" ", "-"),
        )
        for touch in touches
    ]
    if entries:
        desk.ledger.audit(entries)
