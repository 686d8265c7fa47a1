from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from accord.domain.effects import Mode
from accord.domain.keys import opaque
from accord.ledger import (
    audit,
    beacons,
    breaks,
    lookups,
    retention,
    switches,
    volumes,
    watermarks,
)
from accord.ledger.audit import AuditEntry, AuditHead
from accord.ledger.beacons import KnownObject
from accord.ledger.breaks import BreakRow, SeenBreak
from accord.ledger.people import PeopleLedger
from accord.ledger.records import BarrierRow, EffectRow, ModeRow
from accord.ledger.watermarks import Mark, Reach


class Ledger(PeopleLedger):
    """
    What Accord did, is doing and must not do: the effects, and what stands around them.

    Args: as `PeopleLedger`.

    Raises:
        LedgerNotCurrent: the database is older or newer than this code.
    """

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
