"""What people must change so that both sides agree: a card for each finding, kept in the ledger."""

from datetime import datetime

from accord.domain.base import Record
from accord.domain.keys import opaque
from accord.domain.parity import WORDS, Finding
from accord.ledger.audit import AuditEntry
from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen
from accord.ledger.ledger import Ledger
from accord.setup.comparing import Parity

ABOUT = "about"


class Card(Record):
    """One change that a person makes, in the words of the site's language."""

    task: str
    """Id of the human task, for `attest-task`."""
    state: TaskState
    finding: Finding
    facility: str
    resource: str
    powerserver: str
    omegaai: str
    """What each side shows now; '' where that does not say it."""
    text: str
    screen: str


class CardBox:
    """The cards of one organization's comparison."""

    def __init__(
        self, ledger: Ledger, organization: str, process: str, site_key: bytes, *, run: str
    ) -> None:
        self._ledger, self._organization, self._process = ledger, organization, process
        self._key, self._run = site_key, run

    def update(self, parity: Parity, *, observed_at: datetime, locale: str) -> tuple[Card, ...]:
        """
        Bring the cards to what was seen: open new ones, close what agrees by now.

        A card that a person has attested stays so until something is observed that is later than
        their word: then it is closed if the sides agree, and open again if they do not.

        Args:
            observed_at: when the older of the two sides was observed; aware.
        """
        before = {
            (task.kind, str(task.details.get(ABOUT, ""))): task
            for task in self._ledger.tasks(self._organization, list(TaskState))
            if task.process == self._process
        }
        cards, seen = [], set()
        for row in parity.weighed.left.to_dict("records"):
            finding = Finding(row["finding"])
            about = opaque(self._key, "resource", str(row["facility"]), str(row["name"]))
            seen.add((str(finding), about))
            task = self._standing(before.get((str(finding), about)), finding, about, observed_at)
            cards.append(_card(task, finding, {str(k): str(v) for k, v in row.items()}, locale))
        if not parity.skipped:  # what was not compared may still differ
            self._close([task for about, task in before.items() if about not in seen])
        return tuple(cards)

    def _standing(
        self, before: TaskRow | None, finding: Finding, about: str, observed_at: datetime
    ) -> TaskRow:
        if before is None:
            task = TaskToOpen(
                organization=self._organization,
                process=self._process,
                kind=finding.value,
                about=about,
                details={ABOUT: about},
            )
            return self._ledger.open_task(task, run=self._run)
        spoken = before.attested_at or before.opened_at
        over = before.state is TaskState.OBSERVED
        disagrees = before.state is TaskState.ATTESTED and observed_at > spoken
        if not over and not disagrees:
            return before
        said = AuditEntry(
            at=observed_at,
            actor=f"{self._process}/{self._run or 'by hand'}",
            action="reopen",
            what=before.id,
            outcome=before.kind,
        )
        self._ledger.audit([said])
        return self._ledger.reopen(before.id, run=self._run)

    def _close(self, tasks: list[TaskRow]) -> None:
        for task in tasks:
            if task.state is not TaskState.OBSERVED:
                self._ledger.observed(task.id)


def _card(task: TaskRow, finding: Finding, row: dict[str, str], locale: str) -> Card:
    words = WORDS[finding]
    return Card(
        task=task.id,
        state=task.state,
        finding=finding,
        facility=row["facility"],
        resource=row["name"],
        powerserver=row["powerserver"],
        omegaai=row["omegaai"],
        text=words.text(locale),
        screen=words.screen,
    )
