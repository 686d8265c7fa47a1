"""Random walks of a clinic: what happens to it, and the person who tidies up at the end."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from accord.adapters.errors import PeerError
from accord.delivery.asking import RETIRE_OLD_VERSION
from accord.delivery.replacing import standing_before
from accord.domain.effects import EffectState, Intent, Mode
from accord.domain.identifiers import EffectKey
from accord.domain.reports import RelayReport
from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.powerserver_records import FiledDocument
from tests.delivery.clinic import Clinic
from tests.delivery.test_recognition import pdf_of, the_vendor_brings

S = EffectState
LEDGER_CALLS = ("plan", "claim", "carry_out", "moves", "advance", "audit", "saw_absent")
PASSING: dict[str, dict[str, Any]] = {
    "lost": {"lose_answers": 1},
    "foreign": {"foreign_answer": 1},
    "truncated": {"truncated_answer": 1},
    "without-msa": {"answer_without_msa": 1},
    "refused": {"answer_code": "AE", "answer_code_times": 1},
    "denied": {"denied_after_filing": 1},
    "reset-after": {"reset_after_receive": 1},
    "reset-before": {"reset_before_processing": 1},
    "dropped": {"drop_document_silently": 1},
    "half-a-result": {"half_a_result": 1},
}
STANDING: dict[str, dict[str, Any]] = {
    "rewritten": {"alter_bytes": True},
    "hidden": {"hide_documents_for_s": 3600.0},
    "blind": {"read_back_down": True},
    "unreachable": {"refuse_connections": True},
}
HEALED: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("lose_answers", "foreign_answer", "truncated_answer", "answer_without_msa"),
            *("reset_after_receive", "reset_before_processing", "drop_document_silently"),
            *("half_a_result", "alter_bytes"),
        ),
        0,
    ),
    "answer_code": "",
    "denied_after_filing": 0,
    "hide_documents_for_s": 0.0,
    "read_back_down": False,
    "refuse_connections": False,
}


class Broken(OSError):
    """What a ledger says whose disk fails: from here on this run is over."""


@dataclass
class Walk:
    """One clinic, what was submitted to it, and what the vendor has brought."""

    clinic: Clinic
    forms: dict[str, Submitted] = field(default_factory=dict)
    """By id at OmegaAI, as they stand now."""
    brought: dict[str, FiledDocument] = field(default_factory=dict)
    """The vendor's copies, by the source (with its version) of the form they are of."""

    # -- what may happen -----------------------------------------------------------------------

    def submit(self, patient: int, kind: str, pdf: bool) -> None:
        """Submit a form."""
        visit = self.clinic.world.visits[patient]
        blume = self.clinic.blume
        note = (blume.submit_pdf if pdf else blume.submit_normal)(visit, kind)
        self.forms[note.source_id] = note

    def amend(self, number: int) -> None:
        """Change a form that stands."""
        self._change(number, self.clinic.blume.amend)

    def withdraw(self, number: int) -> None:
        """Withdraw a form that stands."""
        self._change(number, self.clinic.blume.withdraw)

    def _change(self, number: int, how: Callable[[Submitted], Submitted]) -> None:
        standing = [note for note in self.forms.values() if note.expected != "withdrawn"]
        if standing:
            note = how(standing[number % len(standing)])
            self.forms[note.source_id] = note

    def vendor(self, number: int) -> None:
        """Let the vendor bring a form's first version that we have not touched yet."""
        untouched = [
            note
            for note in self.forms.values()
            if note.version == "1" and self._is_untouched(note) and note.expected != "withdrawn"
        ]
        if not untouched:
            return
        note = untouched[number % len(untouched)]
        visit = next(v for v in self.clinic.world.visits if v.patient_number == note.patient_number)
        content = (
            pdf_of(self.clinic, note) if note.pdf_digest else f"%PDF {note.source_id}".encode()
        )
        faults = self.clinic.powerserver.faults
        dropping = faults.drop_document_silently  # a fault of the HL7 side, not of the vendor's
        faults.change({"drop_document_silently": 0})
        self.brought[_source(note)] = the_vendor_brings(self.clinic, visit, note.kind, content)
        faults.change({"drop_document_silently": dropping})

    def _is_untouched(self, note: Submitted) -> bool:
        rows = self.clinic.ledger.by_source("lakeside", _source(note))
        return _source(note) not in self.brought and all(
            row.state is S.PLANNED and not row.attempts for row in rows
        )

    def fault(self, name: str) -> None:
        """Let PowerServer do something wrong, once or from now on."""
        self.clinic.powerserver.faults.change({**PASSING, **STANDING}[name])

    def heal(self) -> None:
        """Let PowerServer behave; what it hid shows."""
        self.clinic.powerserver.faults.change(HEALED)
        for document in self.clinic.powerserver.documents:
            document.visible_at = min(document.visible_at, self.clinic.powerserver.now())

    def switch(self, mode: Mode) -> None:
        """Set the mode."""
        self.clinic.mode(mode)

    def wait(self, minutes: int) -> None:
        """Let time pass at our site."""
        self.clinic.forward(minutes=minutes)

    async def dry_run(self) -> None:
        """Run without writing; the ledger's rows stay as they are."""
        before = self.clinic.rows()
        with suppress(PeerError):
            await self.clinic.relay(dry_run=True)
        assert self.clinic.rows() == before

    async def run(self, breaks_at: tuple[str, int] | None = None) -> RelayReport | None:
        """Run once; it may break at the n-th call of a method of the ledger."""
        undo = self._break(*breaks_at) if breaks_at else lambda: None
        try:
            report = await self.clinic.relay(patience_s=0)
        except (PeerError, Broken):
            return None
        finally:
            undo()
        assert sum(report.totals.buckets.values()) == report.totals.observed
        return report

    def _break(self, method: str, call: int) -> Callable[[], None]:
        ledger, left = self.clinic.ledger, [call]
        whole = getattr(ledger, method)

        def breaking(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                raise Broken(method)
            left[0] -= 1
            return whole(*args, **kwargs)

        setattr(ledger, method, breaking)
        return lambda: delattr(ledger, method)

    # -- the person at the end -----------------------------------------------------------------

    async def settle(self) -> None:
        """Everything works again, and a person looks at what waits for one, until all is over."""
        self.heal()
        self.switch(Mode.DELIVER)
        self.submit(2, "registration", pdf=False)  # life goes on: something is known to be there
        for _ in range(8):
            self.clinic.forward(minutes=31)
            await self.run()
            stopped = [r for r in self.clinic.rows() if r.state in (S.PARKED, S.REJECTED)]
            for row in stopped:
                self._decide(row)
            self._retire_old_versions()
            if not stopped and not self._is_busy():
                return

    def _is_busy(self) -> bool:
        over = {S.VERIFIED, S.SUPERSEDED, S.DONE_BY_HAND, S.HELD}
        return any(row.state not in over for row in self.clinic.rows())

    def _decide(self, row: EffectRow) -> None:
        """Open the Document Viewer, as the guidance says, and do what it calls for."""
        there = self.documents_of(row)
        if row.intent is Intent.WITHDRAW_DOCUMENT:
            chain = self.clinic.ledger.chain("lakeside", row.chain)
            parent = standing_before(row, chain)
            for document in self.documents_of(parent) if parent else []:
                document.withdrawn = True
        is_done = bool(there) or row.intent is Intent.WITHDRAW_DOCUMENT
        to = S.DONE_BY_HAND if is_done else S.PLANNED
        self.clinic.ledger.move(row.key, to, who="on-call", why="looked in the viewer")

    def _retire_old_versions(self) -> None:
        """Do what is asked where PowerServer takes no replacement: both versions stand there."""
        for task in self.clinic.ledger.tasks("lakeside"):
            if task.kind == RETIRE_OLD_VERSION:
                old = self.clinic.ledger.effects([EffectKey(str(task.details["replaced"]))])
                for document in [d for row in old.values() for d in self.documents_of(row)]:
                    document.withdrawn = True
                self.clinic.ledger.attest(task.id, who="on-call")

    def documents_of(self, row: EffectRow) -> list[FiledDocument]:
        """Give the documents that PowerServer shows for one version, ours and the vendor's."""
        shown = [d for d in self.clinic.powerserver.documents if d.is_current]
        vendors = self.brought.get(row.source)
        return [d for d in shown if d.control_id == row.key or d is vendors]


def _source(note: Submitted) -> str:
    return f"{note.source_id}/_history/{note.version}"
