from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from accord.delivery.outbox import Outbox
from accord.domain.forms import SubmissionRef
from accord.domain.identifiers import EffectKey, OrganizationSlug
from accord.domain.keys import effect_key, opaque
from accord.domain.organizations import OrganizationFile
from accord.domain.people import PatientId
from accord.domain.sites import RelayTimings
from accord.domain.wires import PowerServerWire, ReadBack
from accord.ledger.ledger import Ledger
from accord.ledger.records import EffectRow

RELAY_FORMS = "relay-forms"


class GoneFromTheFile(Exception):
    """Documents on their way name something that the organization file no longer has."""

    def __init__(self, field: str, name: str) -> None:
        super().__init__(field, name)
        self.field, self.name = field, name

    def __str__(self) -> str:
        return (
            f"organization file, {self.field}: `{self.name}` is gone or renamed, and documents of "
            "earlier runs are still on their way to it; put it back until they are verified, then "
            "rename it"
        )


@dataclass(frozen=True)
class Desk:
    """What every step of one organization's relay works with; it makes no connection."""

    file: OrganizationFile
    ledger: Ledger
    outbox: Outbox
    site_key: bytes = field(repr=False)
    now: Callable[[], datetime]
    run: str = ""
    """Prefect's flow run, for the ledger and the audit trail to name."""
    process: str = RELAY_FORMS

    @property
    def slug(self) -> OrganizationSlug:
        """The organization's short name."""
        return OrganizationSlug(self.file.organization.slug)

    @property
    def timings(self) -> RelayTimings:
        """How long this site waits for what."""
        return self.file.site.relay

    @property
    def actor(self) -> str:
        """Who acts, in the words of the audit trail."""
        return f"{self.process}/{self.run or 'by hand'}"

    def powerserver_of(self, facility: str) -> str:
        """
        Name the PowerServer that serves a facility, by the facility's slug.

        Raises:
            GoneFromTheFile: the file has no such facility any more.
        """
        for each in self.file.organization.facilities:
            if each.slug == facility:
                return each.powerserver
        raise GoneFromTheFile("organization.facilities", facility)

    def wire_of(self, facility: str) -> PowerServerWire:
        """
        Give the wires of the PowerServer that serves a facility.

        Raises:
            GoneFromTheFile: the file has no such facility any more.
        """
        return self.wire_named(self.powerserver_of(facility))

    def is_looked_for(self, row: EffectRow) -> bool:
        """Say whether an effect's document can be looked for, by us or by a person."""
        if row.facility not in {each.slug for each in self.file.organization.facilities}:
            return False
        return self.wire_of(row.facility).read_back is not ReadBack.NONE

    def wire_named(self, powerserver: str) -> PowerServerWire:
        """
        Give the wires of a PowerServer by its name in the file.

        Raises:
            GoneFromTheFile: the file has none of this name any more.
        """
        wires = self.file.site.powerservers
        if powerserver not in wires:
            raise GoneFromTheFile("site.powerservers", powerserver)
        return wires[powerserver]

    def key_of(self, ref: SubmissionRef) -> EffectKey:
        """Name the effect that one version of a form calls for."""
        return effect_key(
            self.site_key,
            subject=f"{ref.source}/{ref.id}",
            intent=self.process,
            occasion=ref.version,
        )

    def chain_named(self, identity: str) -> str:
        """Name the chain of a form's versions, by its identity `Type/id` at OmegaAI."""
        return opaque(self.site_key, "chain", identity)

    def name_of(self, patient: PatientId) -> str:
        """Give a patient's opaque name, for the ledger and the audit trail."""
        return opaque(self.site_key, "patient", patient.issuer, patient.number)
