"""What a walk asks of the people who watch it, and what they have said."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from accord.acceptance.proposing import SettingChange, settings_of
from accord.acceptance.walk import ACCEPT, Walk
from accord.domain.keys import opaque
from accord.ledger.approvals import Decision, PlanRow, ProposedPlan
from accord.ledger.humantasks import TaskRow, TaskState
from accord.setup.asked import Asked

LOOK = "accept-site"
"""Look in the Document Viewer and the scheduler, and say what was seen."""
ORDER_BY_HAND = "accept-site-order"
CLEAN_UP_BY_HAND = "accept-site-clean-up"
SETTINGS = "accept-site-settings"
"""Change the organization file to what the walk has shown."""
KINDS = (LOOK, ORDER_BY_HAND, CLEAN_UP_BY_HAND, SETTINGS)

STANDS_FOR = timedelta(days=30)
THE_FILE = "organization file"
"""Who approves a proposal that the file says already."""


class Asks(NamedTuple):
    """What is called for now, of each kind."""

    look: bool
    order_by_hand: bool
    clean_up_by_hand: bool
    settings: bool


class People:
    """The human tasks of one walk, and its proposal."""

    def __init__(self, walk: Walk) -> None:
        self._walk, self._desk = walk, walk.desk
        self._asked = Asked(walk.desk.ledger, walk.desk.slug, ACCEPT, run=walk.desk.run)

    @property
    def have_looked(self) -> bool:
        """Whether somebody has said what they saw: then it may be cleaned up."""
        task = self._known().get(LOOK)
        return task is not None and task.state is not TaskState.OPEN

    def were_asked(self, kind: str) -> bool:
        """Whether an earlier run has asked for something of this kind."""
        return kind in self._known()

    def standing(self) -> tuple[TaskRow, ...]:
        """Give what was asked, as it stands."""
        known = self._known()
        return tuple(known[kind] for kind in KINDS if kind in known)

    def ask(self, asks: Asks) -> tuple[TaskRow, ...]:
        """Open what is called for, close what is seen to be done; give what still waits."""
        known = self._known()
        for kind, is_called_for in zip(KINDS, asks, strict=True):
            if is_called_for:
                known[kind] = self._asked.keep_open(kind, self._walk.name)
            elif kind in known and kind != LOOK:
                self._asked.close([known.pop(kind)])
        return tuple(known[kind] for kind in KINDS if kind in known)

    def _known(self) -> dict[str, TaskRow]:
        name = self._walk.name
        return {kind: task for (kind, about), task in self._asked.known().items() if about == name}

    # -- the proposal --------------------------------------------------------------------------

    def propose(self, changes: Sequence[SettingChange]) -> PlanRow | None:
        """
        Keep what the file should say, word for word, as a plan; None: nothing is to be changed.

        It is approved by whoever changes the file, or says that they did.
        """
        self._approve_what_is_done(changes)
        if not changes:
            return None
        keys = [opaque(self._desk.site_key, ACCEPT, self._walk.name, c.path) for c in changes]
        plan = ProposedPlan.model_validate(
            {
                "organization": self._desk.slug,
                "process": ACCEPT,
                "effects": keys,
                "contents": [change.model_dump_json() for change in changes],
                "expires_at": self._desk.now() + STANDS_FOR,
            }
        )
        # of no run: the next one that finds the same means the same proposal
        row = self._desk.ledger.propose(plan, run="")
        word = self._known().get(SETTINGS)
        if word is not None and word.state is TaskState.ATTESTED:
            return self._approved(row, word.attested_by)
        return row

    def _approve_what_is_done(self, changes: Sequence[SettingChange]) -> None:
        """Close the proposals that the file says by now."""
        if changes:
            return
        word = self._known().get(SETTINGS)
        who = word.attested_by if word is not None else ""
        for row in self._desk.ledger.plans(self._desk.slug):
            if row.process == ACCEPT and self._says_the_file(row):
                self._approved(row, who or THE_FILE)

    def _says_the_file(self, row: PlanRow) -> bool:
        """Say whether the file has each setting of a proposal, word for word."""
        says = settings_of(self._walk.powerserver, self._walk.wire)
        changes = (
            SettingChange.model_validate_json(text)
            for text in self._desk.ledger.plan_contents(row.id).values()
        )
        return all(says.get(change.path) == change.after for change in changes)

    def _approved(self, row: PlanRow, who: str) -> PlanRow:
        if row.decision is not Decision.OPEN or row.expires_at <= self._desk.now():
            return row
        ledger = self._desk.ledger
        return ledger.decide(row.id, Decision.APPROVED, who=who, digest=row.digest)
