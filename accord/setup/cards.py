"""What people must change so that both sides agree: a card for each finding, kept in the ledger."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from accord.domain.base import Record
from accord.domain.keys import opaque
from accord.domain.parity import WORDS, Finding
from accord.ledger.audit import AuditEntry
from accord.ledger.humantasks import TaskRow, TaskState
from accord.ledger.ledger import Ledger
from accord.quality.resource_sides import matched_by
from accord.setup.asked import Asked
from accord.setup.comparing import Parity

THE_FILE = "organization file"
"""Who attests what the site's file says is expected."""


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
        self._ledger, self._process = ledger, process
        self._key, self._run = site_key, run
        self._asked = Asked(ledger, organization, process, run=run)

    def update(
        self, parity: Parity, *, observed_at: datetime, now: datetime, locale: str
    ) -> tuple[Card, ...]:
        """
        Bring the cards to what was seen: open new ones, close what agrees by now.

        A card that a person has attested stays so until something is observed that is later than
        their word: then it is closed if the sides agree, and open again if they do not.

        Args:
            observed_at: when the older of the two sides was observed; aware, as `now` is.
        """
        before = self._asked.known()
        cards, seen = [], set()
        left = parity.weighed.left
        matches = matched_by(left["facility"], left["name"])
        for row, match in zip(left.to_dict("records"), matches, strict=True):
            finding = Finding(row["finding"])
            about = opaque(self._key, "resource", match)
            seen.add((str(finding), about))
            task = before.get((str(finding), about))
            if task is None:
                task = self._asked.open(finding.value, about)
            elif _is_overruled(task, observed_at):
                task = self._reopened(task, now)
            cards.append(_card(task, finding, {str(k): str(v) for k, v in row.items()}, locale))
        excused = self._excused(parity.weighed.excused, before)
        if not parity.skipped:  # what was not compared may still differ
            gone = before.keys() - seen - excused
            self._asked.close([before[about] for about in sorted(gone)])
        return tuple(cards)

    def _excused(
        self, excused: pd.DataFrame, before: Mapping[tuple[str, str], TaskRow]
    ) -> set[tuple[str, str]]:
        """Write on the cards of what the site accepts who says so: nobody has seen them agree."""
        found = set()
        matches = matched_by(excused["facility"], excused["name"])
        for row, match in zip(excused.to_dict("records"), matches, strict=True):
            about = str(row["finding"]), opaque(self._key, "resource", match)
            found.add(about)
            task = before.get(about)
            if task is not None and task.state is TaskState.OPEN:
                self._ledger.attest(task.id, who=THE_FILE, why=str(row["reason"]))
        return found

    def _reopened(self, task: TaskRow, now: datetime) -> TaskRow:
        entry = AuditEntry(
            at=now,
            actor=f"{self._process}/{self._run or 'by hand'}",
            action="reopen",
            what=task.id,
            outcome=task.kind,
        )
        self._ledger.audit([entry])
        return self._ledger.reopen(task.id, run=self._run)


def _is_overruled(task: TaskRow, observed_at: datetime) -> bool:
    """Say whether what was seen or said of a card holds no more: the difference is there."""
    said_before = task.attested_at is not None and task.attested_at < observed_at
    if task.state is TaskState.ATTESTED:
        return said_before or task.attested_by == THE_FILE  # which accepts it no longer
    return task.state is TaskState.OBSERVED


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
