"""`accord attention` and `accord audit`: what waits for people, and whether the trail is whole."""

from accord.delivery.reporting import what_to_do
from accord.domain.buckets import bucket
from accord.domain.totals import NEEDS_A_PERSON
from accord.ledger.errors import AuditBroken
from accord.ledger.records import EffectRow
from deployments.door_entry import Visit
from deployments.door_paper import Say, table, when
from deployments.door_words import state_word, words


def attention(visit: Visit, say: Say) -> int:
    """
    Print everything of the organization that waits for a person; give how much it is.

    Longer than any artifact may be; opaque keys only, so nothing is audited.
    """
    word, ledger, slug = words(visit.locale), visit.desk.ledger, visit.desk.slug
    rows = _waiting(visit)
    tasks = ledger.tasks(slug)
    if not rows and not tasks:
        say(word["nobody"])
        return 0
    say(f"{word['attention']}: {len(rows) + len(tasks)}")
    if rows:
        head = [word[name] for name in ("key", "state", "reason", "facility", "since")]
        told = [
            (
                *(row.key, state_word(row.state, visit.locale), row.reason, row.facility),
                when(row.updated_at, visit.zone_of(row.facility)),
            )
            for row in rows
        ]
        _lines(say, table(head, told))
    if tasks:
        head = [word[name] for name in ("task", "task_kind", "key", "since")]
        zone = visit.zone_of("")
        _lines(say, table(head, [(t.id, t.kind, t.key, when(t.opened_at, zone)) for t in tasks]))
    reasons = dict.fromkeys([*(row.reason for row in rows), *(task.kind for task in tasks)])
    _lines(say, [f"{word['todo']}:"])
    for reason in reasons:
        say(f"  {reason}: {what_to_do(reason, visit.locale)}")
    return len(rows) + len(tasks)


def _waiting(visit: Visit) -> list[EffectRow]:
    desk = visit.desk
    mode = desk.ledger.mode(desk.slug, desk.process)
    rows = desk.ledger.open_effects(desk.slug, desk.process)
    return sorted(
        (row for row in rows if bucket(row.state, row.reason, mode=mode) in NEEDS_A_PERSON),
        key=lambda row: (row.reason, row.planned_at),
    )


def audit(visit: Visit, say: Say, *, verify: bool, reported: str = "") -> bool:
    """
    Print the audit trail's head; `verify` checks every entry. Give whether it is whole.

    Args:
        reported: the head that a report once carried; the trail must still hold it.
    """
    word, ledger = words(visit.locale), visit.desk.ledger
    head = ledger.audit_head()
    say(f"{word['audit_head']}: {head.mac[:16] or '-'} ({head.seq} {word['entries']})")
    if not verify and not reported:
        return True
    try:
        ledger.verify_audit(ledger.reported_head(reported) if reported else None)
    except AuditBroken as broken:
        say(f"{word['audit_broken']}: {broken}")
        return False
    say(word["audit_whole"])
    return True


def _lines(say: Say, lines: list[str]) -> None:
    say("")
    for line in lines:
        say(line)
