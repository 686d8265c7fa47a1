"""What only a person can do, asked once; conditions that open an alert and close it again."""

from collections.abc import Iterable, Mapping

from accord.delivery.desk import Desk
from accord.domain.identifiers import EffectKey
from accord.domain.relay import RETIRE_BY_HAND
from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen

READ_BACK_UNPROVEN = "read-back-unproven"
READ_BACK_DOWN = "read-back-down"
DUPLICATE_DOCUMENT = "duplicate-document"
ATTEST_BY_HAND = "attest-by-hand"
RETIRE_OLD_VERSION = "retire-old-version"
REMOVED_AFTER_LANDING = "removed-after-landing"
STUDY_STATUS_MOVED = "study-status-moved"

ANSWERED_BY_A_WORD = frozenset({ATTEST_BY_HAND, RETIRE_BY_HAND})
"""Tasks that end with their effect: `done-by-hand`. All others end with `attest-task`."""

_STANDS = (TaskState.OPEN, TaskState.ATTESTED)


def ask(
    desk: Desk,
    kind: str,
    about: str,
    *,
    key: EffectKey | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Ask a person for something, once for all runs; `about` is part of the task's identity."""
    desk.ledger.open_task(
        TaskToOpen(
            organization=desk.slug,
            process=desk.process,
            kind=kind,
            about=about,
            key=key,
            details=dict(details or {}),
        ),
        run=desk.run,
    )


def note_word(desk: Desk, key: EffectKey, who: str, why: str) -> None:
    """Close what an effect asked of a person, now that this person has given their word on it."""
    for task in desk.ledger.tasks_about(key):
        if task.kind in ANSWERED_BY_A_WORD and task.state is TaskState.OPEN:
            desk.ledger.attest(task.id, who=who, why=why)


def call_off(desk: Desk, keys: Iterable[EffectKey]) -> None:
    """Close what effects asked of people that are called for no longer: nobody is to do it now."""
    for key in keys:
        for task in desk.ledger.tasks_about(key):
            if task.state is TaskState.OPEN:
                desk.ledger.attest(task.id, who=desk.actor, why="called for no longer")


def raise_alert(desk: Desk, kind: str, subject: str, *, key: EffectKey | None = None) -> None:
    """Open an alert about a condition, unless it stands already; it may recur another day."""
    if not _standing(desk, {kind}, subject):
        about = f"{subject}/{desk.now().isoformat()}"
        ask(desk, kind, about, key=key, details={"about": subject})


def lower_alerts(desk: Desk, kinds: set[str], subject: str) -> None:
    """Close the alerts about conditions that are over: the wire has shown it."""
    for task in _standing(desk, kinds, subject):
        desk.ledger.observed(task.id)


def _standing(desk: Desk, kinds: set[str], subject: str) -> list[TaskRow]:
    return [
        task
        for task in desk.ledger.tasks(desk.slug, _STANDS)
        if task.process == desk.process
        and task.kind in kinds
        and task.details.get("about") == subject
    ]
