"""What only people can see of the prerequisites: asked for once each, and what they have said."""

from collections.abc import Iterable

from accord.domain.prerequisites import ASKED_OF_PEOPLE, Checked, Outcome
from accord.ledger.humantasks import TaskState
from accord.ledger.ledger import Ledger
from accord.setup.asked import About, Asked

CHECK_PREREQUISITES = "check-prerequisites"


def said(ledger: Ledger, organization: str) -> frozenset[About]:
    """Give what people attest: the prerequisite, and the facility or wire that it is about."""
    known = Asked(ledger, organization, CHECK_PREREQUISITES).known()
    return frozenset(about for about, task in known.items() if task.state is TaskState.ATTESTED)


def ask(
    ledger: Ledger, organization: str, checks: Iterable[Checked], *, run: str
) -> dict[About, str]:
    """
    Open a task for what no peer shows, and close those of what one shows by now.

    Gives the ids of the tasks, by what they are about.
    """
    asked = Asked(ledger, organization, CHECK_PREREQUISITES, run=run)
    known, tasks = asked.known(), {}
    for each in checks:
        about = each.prerequisite.value, each.about
        if each.outcome is Outcome.MET and about in known:
            asked.close([known[about]])
        elif each.outcome is Outcome.UNSEEN and each.prerequisite in ASKED_OF_PEOPLE:
            tasks[about] = asked.keep_open(*about, identity="/".join(about)).id
    return tasks
