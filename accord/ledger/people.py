"""What people are asked, what they decided, and what was made true by their leave."""

from collections.abc import Callable, Collection
from datetime import datetime

from accord.domain.keys import opaque
from accord.ledger import applied, approvals, audit, humantasks, lookups
from accord.ledger.applied import Applied, Owner
from accord.ledger.approvals import Decision, PlanRow, ProposedPlan, Verdict
from accord.ledger.audit import AuditEntry
from accord.ledger.bootclock import boot_seconds
from accord.ledger.effects import EffectLedger
from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen
from accord.ledger.records import Evidence


class PeopleLedger(EffectLedger):
    """
    The effects, and people: their tasks, the plans they decide on, what was made true.

    Args:
        site_key: the site's secret; names tasks and breaks, and seals the audit trail.
        url, now, boot: as `EffectLedger`.

    Raises:
        LedgerNotCurrent: the database is older or newer than this code.
    """

    def __init__(
        self,
        url: str,
        *,
        site_key: bytes,
        now: Callable[[], datetime],
        boot: Callable[[], float] = boot_seconds,
    ) -> None:
        super().__init__(url, now=now, boot=boot)
        self._site_key, self._audit_key = site_key, audit.audit_key(site_key)

    # -- tasks ---------------------------------------------------------------------------------

    def open_task(self, task: TaskToOpen, *, run: str = "") -> TaskRow:
        """Open a human task once; opened before, it is given as it stands."""
        id_ = opaque(self._site_key, "task", task.organization, task.process, task.kind, task.about)
        with self._database.write() as connection:
            return humantasks.open_once(connection, id_, task, run=run, now=self._now())

    def attest(
        self, task: str, *, who: str, why: str = "", evidence: Evidence | None = None
    ) -> TaskRow:
        """
        Write down that a person says it is done.

        Raises:
            UnknownTask: no such task.
        """
        word = humantasks.Word(who=who, why=why, evidence=evidence or {})
        with self._database.write() as connection:
            return humantasks.attest(connection, task, word, now=self._now())

    def observed(self, task: str) -> TaskRow:
        """
        Write down that the wire shows it.

        Raises:
            UnknownTask: no such task.
        """
        with self._database.write() as connection:
            return humantasks.observe(connection, task, now=self._now())

    def reopen(self, task: str, *, run: str = "") -> TaskRow:
        """
        Open a human task again: what was seen since does not agree with it.

        Raises:
            UnknownTask: no such task.
        """
        with self._database.write() as connection:
            return humantasks.reopen(connection, task, run=run, now=self._now())

    def tasks(
        self, organization: str, states: Collection[TaskState] = (TaskState.OPEN,)
    ) -> list[TaskRow]:
        """Give an organization's human tasks in these states, oldest first."""
        with self._database.read() as connection:
            return humantasks.listed(connection, organization, states)

    def tasks_about(self, key: str) -> list[TaskRow]:
        """Give the human tasks that one effect led to, whatever has become of them."""
        with self._database.read() as connection:
            return lookups.tasks_about(connection, key)

    # -- plans ---------------------------------------------------------------------------------

    def propose(self, plan: ProposedPlan, *, run: str) -> PlanRow:
        """Save a plan for approval; the same run's same plan is given as it stands."""
        parts = ("plan", plan.organization, plan.process, plan.digest, run)

        def name(time: int) -> str:
            return opaque(self._site_key, *parts, *([str(time)] if time else []))

        with self._database.write() as connection:
            return approvals.propose(connection, name, plan, run=run, now=self._now())

    def decide(self, plan: str, decision: Decision, *, who: str, digest: str) -> PlanRow:
        """
        Write down, before the first write to a peer, what a person said; and audit it.

        Raises:
            PlanRefused: unknown, expired, another than was shown, or decided otherwise before.
        """
        now = self._now()
        entry = AuditEntry(at=now, actor=who, action="decide", what=plan, outcome=decision)
        with self._database.write() as connection:
            row = approvals.decide(connection, plan, Verdict(decision, who, digest, now))
            audit.append(connection, self._audit_key, [entry])
        return row

    def proposed(self, plan: str) -> PlanRow | None:
        """Give a plan with its decision; None: there is none of this id."""
        with self._database.read() as connection:
            return approvals.read(connection, plan)

    def plan_of(self, organization: str, process: str, run: str) -> PlanRow | None:
        """Give the plan that a run proposed; None: it has proposed none."""
        with self._database.read() as connection:
            return approvals.of_run(connection, organization, process, run)

    def plans(self, organization: str) -> list[PlanRow]:
        """Give an organization's plans with their decisions, oldest first."""
        with self._database.read() as connection:
            return approvals.listed(connection, organization)

    def plan_contents(self, plan: str) -> dict[str, str]:
        """Give what each effect of a plan would change, by its key, in the plan's order."""
        with self._database.read() as connection:
            return approvals.contents(connection, plan)

    # -- what was made true --------------------------------------------------------------------

    def applied(self, owner: Owner) -> list[Applied]:
        """Give what was last made true of an organization's set-up."""
        with self._database.read() as connection:
            return applied.listed(connection, owner)

    def note_applied(self, owner: Owner, made: Applied, *, run: str = "") -> None:
        """Keep that an object was made true, or seen to be so."""
        with self._database.write() as connection:
            applied.put(connection, owner, made, run=run, now=self._now())

    def forget_applied(self, owner: Owner, key: str) -> None:
        """Keep nothing of an object any more: it is retired, or gone."""
        with self._database.write() as connection:
            applied.forget(connection, owner, key)
