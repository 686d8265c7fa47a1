from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from accord.domain.effects import Mode
from accord.domain.keys import opaque
from accord.ledger import (
    approvals,
    audit,
    beacons,
    breaks,
    humantasks,
    lookups,
    retention,
    switches,
    volumes,
    watermarks,
)
from accord.ledger.approvals import Decision, PlanRow, ProposedPlan, Verdict
from accord.ledger.audit import AuditEntry, AuditHead
from accord.ledger.beacons import KnownObject
from accord.ledger.bootclock import boot_seconds
from accord.ledger.breaks import BreakRow, SeenBreak
from accord.ledger.effects import EffectLedger
from accord.ledger.humantasks import TaskRow, TaskState, TaskToOpen
from accord.ledger.records import BarrierRow, EffectRow, Evidence, ModeRow
from accord.ledger.watermarks import Mark, Reach


class Ledger(EffectLedger):
    """
    What Accord did, is doing and must not do: the effects, and what stands around them.

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

    # -- what may leave ------------------------------------------------------------------------

    def mode(self, organization: str, process: str) -> Mode:
        """Give the mode; `watch` until somebody set another."""
        with self._database.read() as connection:
            return switches.mode(connection, organization, process)

    def mode_row(self, organization: str, process: str) -> ModeRow | None:
        """Give the mode with who set it, when and why; None: nobody has."""
        with self._database.read() as connection:
            return switches.mode_row(connection, organization, process)

    def set_mode(self, organization: str, process: str, mode: Mode, *, who: str, why: str) -> None:
        """Set the mode, and say so in the audit trail; no send starts under the old one after."""
        now = self._now()
        row = ModeRow(
            organization=organization, process=process, mode=mode, who=who, why=why, set_at=now
        )
        entry = AuditEntry(
            at=now, actor=who, action="set-mode", what=f"{organization}/{process}", outcome=mode
        )
        with self._database.write() as connection:
            switches.set_mode(connection, row)
            audit.append(connection, self._audit_key, [entry])

    def raise_barrier(self, organization: str, name: str, *, who: str, why: str) -> None:
        """Keep effects with this `barrier` from being claimed, until it is lifted."""
        row = BarrierRow(
            organization=organization, name=name, who=who, why=why, raised_at=self._now()
        )
        with self._database.write() as connection:
            switches.raise_barrier(connection, row)

    def lift_barrier(self, organization: str, name: str, *, why: str) -> None:
        """Let effects with this `barrier` be claimed again."""
        with self._database.write() as connection:
            switches.lift_barrier(connection, organization, name, why=why, at=self._now())

    # -- how far the sweep has come ------------------------------------------------------------

    def watermark(self, organization: str, process: str, name: str) -> datetime | None:
        """Give up to where, on the server's clock, everything has a row; None: never swept."""
        with self._database.read() as connection:
            return watermarks.read(connection, Mark(organization, process, name))

    def advance(  # noqa: PLR0913 - named by the caller
        self, organization: str, process: str, name: str, *,
        to: datetime, sources: Iterable[str], run: str = "",
    ) -> None:  # fmt: skip
        """
        Move the watermark to `to`; `sources` are all items up to it that call for something.

        Raises:
            WatermarkRefused: some have neither effect nor human task, or it would go back.
        """
        mark, reach = Mark(organization, process, name), Reach(to, self._now(), run)
        with self._database.write() as connection:
            watermarks.advance(connection, mark, reach, sources)

    # -- people --------------------------------------------------------------------------------

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

    def propose(self, plan: ProposedPlan, *, run: str) -> PlanRow:
        """Save a plan for approval; the same run's same plan is given as it stands."""
        parts = ("plan", plan.organization, plan.process, plan.digest, run)
        id_ = opaque(self._site_key, *parts)
        with self._database.write() as connection:
            return approvals.propose(connection, id_, plan, run=run, now=self._now())

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

    # -- differences ---------------------------------------------------------------------------

    def saw_break(self, seen: SeenBreak, *, run: str = "") -> BreakRow:
        """Open a break, see it once more, or reopen it."""
        id_ = opaque(
            self._site_key, "break", seen.organization, seen.process, seen.code, seen.subject
        )
        with self._database.write() as connection:
            return breaks.saw(connection, id_, seen, run=run, now=self._now())

    def close_break(self, break_: str) -> None:
        """Close a break that is no longer there."""
        with self._database.write() as connection:
            breaks.close(connection, break_, now=self._now())

    def breaks(self, organization: str, process: str) -> list[BreakRow]:
        """Give the open breaks, oldest first."""
        with self._database.read() as connection:
            return breaks.listed(connection, organization, process)

    # -- proof ---------------------------------------------------------------------------------

    def audit(self, entries: Sequence[AuditEntry]) -> AuditHead:
        """Add entries to the audit trail, a page at a time at best; give its new head."""
        with self._database.write() as connection:
            return audit.append(connection, self._audit_key, entries)

    def audit_head(self) -> AuditHead:
        """Give the trail's last number and MAC, for the report."""
        with self._database.read() as connection:
            return audit.head(connection)

    def reported_head(self, beginning: str) -> AuditHead:
        """
        Give the trail's entry that a report named by the beginning of its MAC.

        Raises:
            AuditBroken: there is no such entry.
        """
        with self._database.read() as connection:
            return lookups.reported_head(connection, beginning)

    def require_our_seal(self) -> None:
        """
        See that no organization under another site key has this ledger.

        Raises:
            LedgerOfAnotherKey: one has, or the first entry of the trail was changed.
        """
        with self._database.read() as connection:
            audit.require_seal(connection, self._audit_key)

    def verify_audit(self, reported: AuditHead | None = None) -> AuditHead:
        """
        Check the whole trail, and that it still holds a head that a report once carried.

        Raises:
            AuditBroken: with the first entry that does not fit.
        """
        with self._database.read() as connection:
            return audit.verify(connection, self._audit_key, reported)

    def by_document(self, organization: str, sop_uid: str) -> list[EffectRow]:
        """Give the effects whose document was seen under this SOP Instance UID."""
        with self._database.read() as connection:
            return lookups.by_evidence(connection, organization, "sop", sop_uid)

    def note_volumes(self, organization: str, process: str, rows: Mapping[str, int]) -> None:
        """Keep how many rows each seam saw, now that everything was seen."""
        with self._database.write() as connection:
            volumes.put(connection, organization, process, rows, now=self._now())

    def volumes(self, organization: str, process: str) -> dict[str, int]:
        """Give how many rows each seam saw when everything was seen last."""
        with self._database.read() as connection:
            return volumes.get(connection, organization, process)

    def put_beacon(self, known: KnownObject) -> None:
        """Keep an object known to be at a PowerServer."""
        with self._database.write() as connection:
            beacons.put(connection, known)

    def beacons(self, organization: str, powerserver: str) -> list[KnownObject]:
        """Give objects known to be there, the one seen last first."""
        with self._database.read() as connection:
            return beacons.get(connection, organization, powerserver)

    # -- retention -----------------------------------------------------------------------------

    def retire(self, before: datetime) -> int:
        """Turn what was over before `before` into tombstones; give how many."""
        retired = 0
        while True:
            with self._database.write() as connection:
                page = retention.retire(connection, before=before, now=self._now())
            retired += page
            if page < retention.PAGE:
                return retired
