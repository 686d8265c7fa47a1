"""One PowerServer's walk: whose patient, under which numbers, and what each step sends."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accord.acceptance.stages import Stage
from accord.adapters.dicom_encapsulated import uid_of
from accord.delivery.desk import Desk
from accord.domain.acceptance import Acceptance, Step
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, place
from accord.domain.identifiers import (
    AccessionNumber,
    EffectKey,
    Issuer,
    PatientNumber,
    Uid,
)
from accord.domain.keys import effect_key, opaque
from accord.domain.organizations import Facility
from accord.domain.people import Patient, PatientId
from accord.domain.wires import PowerServerWire
from accord.rendering.acceptance import acceptance_document, document_title
from accord.rendering.pdf import digest

ACCEPT = "accept-site"
ORDERED_FOR, BOOKED_FOR = time(10), time(10, 30)
"""In the facility's zone; the booking differs, so that it shows when it is taken."""
BORN = date(1980, 1, 1)


@dataclass(frozen=True)
class Walk:
    """
    What is fixed of one walk; everything in it follows from the file, the site's key and the
    round, so that a rerun meets the steps of the run before it.
    """

    desk: Desk
    powerserver: str
    facility: Facility

    @property
    def settings(self) -> Acceptance:
        """The synthetic patient and what is tried."""
        return self.desk.file.site.acceptance

    @property
    def wire(self) -> PowerServerWire:
        """The PowerServer's wires, as its file has them."""
        return self.desk.wire_named(self.powerserver)

    @property
    def zone(self) -> ZoneInfo:
        """PowerServer's declared zone."""
        return ZoneInfo(self.wire.time_zone)

    @property
    def patient(self) -> Patient:
        """The synthetic patient."""
        settings = self.settings
        return Patient(
            id=PatientId(
                number=PatientNumber(settings.number), issuer=Issuer(self.facility.issuer)
            ),
            family=settings.family,
            given=settings.given,
            birth_date=BORN,
            sex="O",
        )

    @property
    def name(self) -> str:
        """The walk's own opaque name."""
        return opaque(self.desk.site_key, ACCEPT, *self._identity)

    @property
    def accession(self) -> AccessionNumber:
        """The order's accession number: 16 characters, the same in every run of this round."""
        return AccessionNumber(f"AT{self._numbered('accession')[:14]}")

    @property
    def study_uid(self) -> Uid:
        """The UID that the order proposes for its study."""
        return uid_of(self.key_of(Step.ORDER), "study")

    @property
    def _identity(self) -> tuple[str, ...]:
        patient, settings = self.patient.id, self.settings
        parts = self.powerserver, patient.issuer, patient.number, str(settings.round)
        return (self.desk.slug, *parts)

    def key_of(self, step: Step) -> EffectKey:
        """Name a step's effect."""
        return effect_key(
            self.desk.site_key,
            subject=f"{ACCEPT}/{self.name}",
            intent=step.value,
            occasion=str(self.settings.round),
        )

    def chain_of(self, stage: Stage) -> str:
        """Name the chain of a step's lineage."""
        return self._numbered(f"chain-{stage.lineage}")

    def document(
        self, stage: Stage, at: datetime, number: AccessionNumber | None = None
    ) -> DocumentOrder:
        """
        Build a document's order: what is filed, replaced or withdrawn.

        Args:
            at: the effect's own time.
            number: the study's accession number at PowerServer; None: ours.
        """
        step, key, locale = stage.step, self.key_of(stage.step), self.desk.file.site.locale
        about = self.key_of(stage.about) if stage.about else None
        is_registration = Step.REGISTRATION in (step, stage.about)
        kind = FormKind.REGISTRATION if is_registration else FormKind.CLINICAL
        accession = None if is_registration else number or self.accession
        content = acceptance_document(step, key, at, locale) if stage.files else b""
        return DocumentOrder(
            key=key,
            intent=stage.intent,
            patient=self.patient,
            section=place(kind, accession),
            document_type=self.wire.document_types[kind],
            title=document_title(step, locale) if stage.files else "",
            kind=kind,
            accession=accession,
            placer_order="" if is_registration else self.placer_order,
            at=at,
            submitted_at=at,
            content=content,
            digest=digest(content),
            parent_key=about if stage.intent is not Intent.FILE_DOCUMENT else None,
        )

    @property
    def placer_order(self) -> str:
        """The order's own number."""
        return self._numbered("placer")[:16]

    def ordered_for(self, first: datetime) -> datetime:
        """Give the time for which the study is ordered; `first` is the order's own time."""
        return self._day(first, ORDERED_FOR)

    def booked_for(self, first: datetime) -> datetime:
        """Give the time for which its appointment is booked."""
        return self._day(first, BOOKED_FOR)

    def _day(self, first: datetime, clock: time) -> datetime:
        zone = ZoneInfo(self.facility.time_zone)
        day = first.astimezone(zone).date() + timedelta(days=self.settings.days_ahead)
        return datetime.combine(day, clock, zone)

    def _numbered(self, what: str) -> str:
        return opaque(self.desk.site_key, ACCEPT, what, *self._identity)


def walks_of(desk: Desk) -> tuple[Walk, ...]:
    """Give the walk of each PowerServer that serves a facility, with the first that it serves."""
    first: dict[str, Facility] = {}
    for facility in desk.file.organization.facilities:
        first.setdefault(facility.powerserver, facility)
    return tuple(Walk(desk, name, facility) for name, facility in first.items())
