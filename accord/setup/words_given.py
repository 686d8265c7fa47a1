"""What only people can see of the prerequisites: asked for once each, and what they have said."""

from collections.abc import Iterable

from accord.domain.prerequisites import ASKED_OF_PEOPLE, Checked, Outcome
from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen
from accord.ledger.ledger import Ledger

ABOUT = "about"
CHECK_PREREQUISITES = "check-prerequisites"


def said(ledger: Ledger, organization: str) -> frozenset[tuple[str, str]]:
    """Give what people attest: the prerequisite, and the facility or wire that it is about."""
    return frozenset(
        (task.kind, str(task.details.get(ABOUT, "")))
        for task in _tasks(ledger, organization)
        if task.state is TaskState.ATTESTED
    )


def ask(
    ledger: Ledger, organization: str, checks: Iterable[Checked], *, run: str
) -> dict[tuple[str, str], str]:
    """
    Open a task for what no peer shows, and close those of what one shows by now.

    Gives the ids of the tasks, by what they are about.
    """
    known = {(t.kind, str(t.details.get(ABOUT, ""))): t for t in _tasks(ledger, organization)}
    tasks = {}
    for each in checks:
        about = (each.prerequisite.value, each.about)
        if each.outcome is Outcome.MET and about in known:
            ledger.observed(known[about].id)
        elif each.outcome is Outcome.UNSEEN and each.prerequisite in ASKED_OF_PEOPLE:
            row = ledger.open_task(
                TaskToOpen(
                    organization=organization,
                    process=CHECK_PREREQUISITES,
                    kind=each.prerequisite.value,
                    about=f"{each.prerequisite}/{each.about}",
                    details={ABOUT: each.about},
                ),
                run=run,
            )
            tasks[about] = _standing(ledger, row, run).id
    return tasks


def _standing(ledger: Ledger, row: TaskRow, run: str) -> TaskRow:
    """Open it again where a peer once showed it, and shows it no more."""
    return ledger.reopen(row.id, run=run) if row.state is TaskState.OBSERVED else row


def _tasks(ledger: Ledger, organization: str) -> list[TaskRow]:
    return [
        task
        for task in ledger.tasks(organization, list(TaskState))
        if task.process == CHECK_PREREQUISITES
    ]
