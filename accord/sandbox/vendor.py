"""The vendor's own synchronisation as an actor: it carries some forms into PowerServer itself."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from accord.sandbox.powerserver import PowerServerSim, wall_clock
from accord.sandbox.powerserver_filing import Filing
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.vendor_forms import SubmittedForm, submitted_forms
from accord.sandbox.vendor_reading import OmegaAIDoor, visit
from accord.sandbox.vendor_sheet import printed, title_of
from accord.sandbox.world import Setting

TYPES = {"registration": "PATIENT REGISTRATION FORM", "clinical": "CLINICAL"}


@dataclass(frozen=True)
class Manners:
    """How the vendor's synchronisation behaves; shares are between 0 and 1."""

    share: float = 0.5
    """Of the submitted forms, those it takes up at all."""
    losses: float = 0.0
    """Of those it takes up, what it loses on the way, without a word."""
    lag: timedelta = timedelta()
    """From submission until it brings a form."""
    byte_equal_pdfs: bool = True
    """PDF forms arrive byte for byte; Normal forms are always its own print."""


@dataclass(frozen=True)
class Sweep:
    """What one look did, by the forms' refs (type, id, version)."""

    delivered: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    """Taken up and lost on the way."""
    left: tuple[str, ...] = ()
    """Never taken up."""
    waiting: tuple[str, ...] = ()
    """Taken up, and their lag is not over."""
    unplaceable: tuple[str, ...] = ()
    """PowerServer has no such patient or study."""


@dataclass
class VendorSync:
    """
    Copies submitted forms from OmegaAI into PowerServer as the vendor does when all is well.

    A copy has a UID, a title and a time of its own. Whether a form is taken up or lost follows
    from the seed and the form's ref alone, so that any order and any number of sweeps agree.
    """

    door: OmegaAIDoor
    powerserver: PowerServerSim
    setting: Setting = field(default_factory=Setting)
    manners: Manners = field(default_factory=Manners)
    seed: int = 0
    clock: Callable[[], datetime] = wall_clock
    delivered: dict[str, FiledDocument] = field(default_factory=dict)
    """What it brought so far, by ref."""

    def sweep(self) -> Sweep:
        """
        Look once, and bring what is due.

        Raises:
            httpx.HTTPError: OmegaAI could not be read; nothing was brought.
        """
        with visit(self.door) as reading:
            forms = submitted_forms(reading, self.setting)
        fates: dict[str, list[str]] = {}
        for form in forms:
            if form.ref not in self.delivered:
                fates.setdefault(self._fate(form), []).append(form.ref)
        return Sweep(**{fate: tuple(refs) for fate, refs in fates.items()})

    def run(self, ending: threading.Event, *, every_s: float) -> None:
        """Sweep until `ending` is set; a sweep that cannot read OmegaAI is left for the next."""
        while not ending.wait(every_s):
            try:
                self.sweep()
            except httpx.HTTPError:
                continue

    def _fate(self, form: SubmittedForm) -> str:
        """Decide about one form, and bring it where that is its fate; give the fate's name."""
        dice = random.Random(f"{self.seed}|{form.ref}")
        taken, kept = dice.random() < self.manners.share, dice.random() >= self.manners.losses
        if not taken:
            return "left"
        if self.clock() < form.submitted_at + self.manners.lag:
            return "waiting"
        if not kept:
            return "lost"
        filing = self._filing(form)
        document = self.powerserver.file(filing) if filing else None
        if document is None:
            return "unplaceable" if filing is None else "lost"
        self.delivered[form.ref] = document
        return "delivered"

    def _filing(self, form: SubmittedForm) -> Filing | None:
        archive, patient = self.powerserver.archive, (self.setting.issuer, form.patient_number)
        study = archive.study_by(accession=form.accession) if form.kind == "clinical" else None
        if patient not in archive.patients or (form.kind == "clinical" and study is None):
            return None
        if study is not None and study.patient != patient:
            return None
        own = form.pdf if self.manners.byte_equal_pdfs else b""
        return Filing(
            patient=patient,
            study=study,
            document_type=TYPES.get(form.kind, "CLINICAL"),
            title=title_of(form),
            content=own or printed(form),
            source="vendor",
            at=self.clock(),
        )
