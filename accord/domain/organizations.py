from datetime import date
from typing import Self

from pydantic import Field, field_validator, model_validator

from accord.domain.base import Record
from accord.domain.expected_differences import ExpectedDifference
from accord.domain.licences import Licence
from accord.domain.loose_ends import loose_ends
from accord.domain.resources import (
    SLUG,
    Catalogues,
    Department,
    Resource,
    ResourceField,
    wrong_in,
)
from accord.domain.sites import Site
from accord.domain.wires import PowerServerWire, known_zone


class Place(Record):
    """Where an organization's facilities stand in OmegaAI: Master > Managing > Imaging."""

    master: str = Field(min_length=1)
    managing: str = Field(min_length=1)


class Facility(Record):
    """One imaging facility: zone, issuer, PowerServer and holidays belong here."""

    slug: str = Field(pattern=SLUG)
    name: str = Field(min_length=1)
    """As both systems show it; PowerServer upper-cases, so organizations compare caselessly."""
    time_zone: str
    issuer: str = Field(min_length=1, max_length=64)
    """Issuer of Patient ID."""
    powerserver: str
    """Name of an entry under `site.powerservers`."""
    ae_title: str = Field(default="", max_length=16)
    holidays: str = Field(default="BR", pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    """Country, or country-subdivision, in the terms of the `holidays` package."""
    closed_on: tuple[date, ...] = ()
    omegaai_id: str = ""
    """Logical id of the facility's Organization at OmegaAI, where known."""
    licence: Licence | None = None
    """Of Blume; None: nobody has looked."""
    address: str = ""
    """In one line; Blume offers a facility only within a distance of the patient."""
    departments: tuple[Department, ...] = ()
    resources: tuple[Resource, ...] = ()
    """What both systems should show; none: this file does not speak of them."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        return known_zone(value)

    @model_validator(mode="after")
    def _rooms_and_resources_fit(self) -> Self:
        wrong = wrong_in(self.departments, self.resources)
        if wrong:
            raise ValueError(wrong)
        return self


class Organization(Record):
    """What should be true of one organization."""

    slug: str = Field(pattern=SLUG)
    name: str = Field(min_length=1)
    place: Place | None = None
    """Names of the organizations above the facilities; None: not written down yet."""
    facilities: tuple[Facility, ...] = Field(min_length=1)
    priority_label: str = Field(default="SCHEDULED STATUS", pattern=r"^[A-Z0-9 _]{1,16}$")
    """PowerServer's priority of what patients schedule: a DICOM CS, so 16 characters at most."""
    catalogues: Catalogues = Catalogues()
    owned_fields: frozenset[ResourceField] = frozenset(ResourceField)
    """Fields of resources that this file decides; the others are the systems' own affair."""
    expected_differences: tuple[ExpectedDifference, ...] = ()
    """Between PowerServer and OmegaAI: known, accepted, and each with its last day."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for field in ("slug", "name"):
            values = [getattr(facility, field).casefold() for facility in self.facilities]
            if len(values) != len(set(values)):
                raise ValueError(f"two facilities share one {field}")
        return self


class OrganizationFile(Record):
    """One YAML file per organization: its wires and what should be true of it."""

    site: Site
    organization: Organization

    @model_validator(mode="after")
    def _no_loose_ends(self) -> Self:
        # Here too, for files that are built and not read; `parse` names each by its line.
        found = list(loose_ends(self.model_dump(mode="json")))
        if found:
            raise ValueError("; ".join(f"{path[-1]} {why}" for path, why in found))
        return self

    def powerserver_of(self, facility: str) -> PowerServerWire:
        """Give the PowerServer that serves a facility, by the facility's slug."""
        for candidate in self.organization.facilities:
            if candidate.slug == facility:
                return self.site.powerservers[candidate.powerserver]
        raise KeyError(facility)
