"""What OmegaAI's healthcare services should become: the file against what OmegaAI shows."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.organizations import Organization
from accord.domain.resources import ResourceField
from accord.domain.wires import ResourceElements
from accord.ledger.applied import Applied
from accord.setup.changes import Comparison, Declared, Live
from accord.setup.omegaai_side import omegaai_side
from accord.setup.sides import wanted_rows
from accord.setup.three_way import compare

KNOWN_BY = ("facility", "name")
"""How a service that was never applied is found: names are unique in their facility."""
ALWAYS_OURS = frozenset({"facility"})


def plan_services(
    organization: Organization,
    applied: Iterable[Applied],
    seen: Iterable[ServiceSeen],
    *,
    unsaid: Collection[str] = (),
) -> Comparison:
    """
    Compare the file's resources with OmegaAI's services; nothing is read or written.

    Args:
        applied: what was last made true.
        unsaid: fields for which this OmegaAI has no element: nobody can compare them.
    """
    noted = list(applied)
    return compare(
        declared_services(organization, unsaid),
        noted,
        live_services(organization, seen, also={each.live_id for each in noted}),
        known_by=KNOWN_BY,
    )


def unsaid_by(elements: ResourceElements) -> frozenset[str]:
    """Name the fields for which the organization file names no element of this OmegaAI."""
    urls = {
        ResourceField.MINUTES: elements.default_duration,
        ResourceField.OVERBOOKING: elements.overbooking,
    }
    return frozenset(field.value for field, url in urls.items() if not url)


def declared_services(organization: Organization, unsaid: Collection[str] = ()) -> list[Declared]:
    """Give the file's resources, each under its key in its facility."""
    owned = ALWAYS_OURS | {field.value for field in organization.owned_fields} - {*unsaid}
    return [
        Declared(
            key=f"{facility.slug}/{resource.key}",
            fields=_fields(row),
            owned=owned,
            protected=resource.protected,
        )
        for facility in organization.facilities
        for resource, row in zip(
            facility.resources, wanted_rows(facility.name, facility.resources), strict=True
        )
    ]


def live_services(
    organization: Organization, seen: Iterable[ServiceSeen], *, also: Collection[str] = ()
) -> list[Live]:
    """
    Give the services of this organization's facilities, their names as the file writes them.

    Args:
        also: ids of those that were made true before, wherever they stand now.
    """
    services = list(seen)
    side = omegaai_side(services, organization.facilities, also)
    names = {each.name.casefold(): each.name for each in organization.facilities}
    by_id = {service.id: service for service in services}
    found = []
    for row in side.to_dict("records"):
        id_ = str(row["source"]).removeprefix("HealthcareService/")
        fields = _fields({str(name): value for name, value in row.items()})
        fields["facility"] = names.get(fields["facility"].casefold(), fields["facility"])
        retired = fields["active"] == "false"
        own = f"{organization.slug}/"
        key = by_id[id_].key
        found.append(
            Live(
                id=id_,
                fields=fields,
                version=by_id[id_].version,
                key=key.removeprefix(own) if key.startswith(own) else "",
                is_retired=retired,
            )
        )
    return found


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    """Write a side's row as texts, so that equal values are equal; unknown ones are empty."""
    told = {name: value for name, value in row.items() if name not in ("source", "department")}
    return {name: "" if pd.isna(value) else _text(value) for name, value in told.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
