"""The human tasks of one process of set-up, found by their kind and what they are about."""

from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen
from accord.ledger.ledger import Ledger

ABOUT = "about"
About = tuple[str, str]
"""A task's kind, and what it is about: an id, never a text."""


class Asked:
    """What one process asks of an organization's people, each thing once."""

    def __init__(self, ledger: Ledger, organization: str, process: str, *, run: str = "") -> None:
        self._ledger, self._organization, self._process = ledger, organization, process
        self._run = run

    def known(self) -> dict[About, TaskRow]:
        """Give all tasks that were ever opened, whatever has become of them."""
        return {
            (task.kind, str(task.details.get(ABOUT, ""))): task
            for task in self._ledger.tasks(self._organization, list(TaskState))
            if task.process == self._process
        }

    def open(self, kind: str, about: str, *, identity: str = "") -> TaskRow:
        """Open a task, or give it as it stands; `identity` where `about` alone is not its name."""
        task = TaskToOpen(
            organization=self._organization,
            process=self._process,
            kind=kind,
            about=identity or about,
            details={ABOUT: about},
        )
        return self._ledger.open_task(task, run=self._run)

    def keep_open(self, kind: str, about: str, *, identity: str = "") -> TaskRow:
        """Open a task, also again where it was seen to be done and is not any more."""
        task = self.open(kind, about, identity=identity)
        is_over = task.state is TaskState.OBSERVED
        return self._ledger.reopen(task.id, run=self._run) if is_over else task

    def close(self, tasks: list[TaskRow]) -> None:
        """Write down that what was asked is seen to be so."""
        for task in tasks:
            if task.state is not TaskState.OBSERVED:
                self._ledger.observed(task.id)
