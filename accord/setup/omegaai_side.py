"""OmegaAI's side of the comparison, from what it shows over FHIR."""

from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.hours import WEEK, Span, Weekday, clock
from accord.domain.organizations import Facility
from accord.quality.resource_sides import matched_by
from accord.setup.sides import frame_of, modalities_text


def omegaai_side(
    services: Iterable[ServiceSeen],
    facilities: Iterable[Facility],
    also: Collection[str] = (),
) -> pd.DataFrame:
    """
    Make a side's frame of the services of these facilities; those of others are left out.

    A service whose organization is none of ours is another site's; one that names no organization
    stays, with an empty facility, since it may be ours.

    Args:
        also: ids of services that stay wherever they stand: ours once, of a facility that has left.
    """
    ours = {each.name.casefold() for each in facilities}
    return frame_of(
        {
            "facility": service.facility,
            "name": service.name,
            "department": "",
            "room": service.room,
            "modalities": modalities_text(service.modalities),
            "hours": _hours_text(service.hours),
            "minutes": service.minutes,
            "overbooking": service.overbooking,
            "active": service.active,
            "source": f"HealthcareService/{service.id}",
        }
        for service in services
        if not service.facility or service.facility.casefold() in ours or service.id in also
    )


def in_use(side: pd.DataFrame, powerserver: pd.DataFrame) -> pd.DataFrame:
    """
    Give OmegaAI's side without what is retired there and stands nowhere else.

    What is retired and still in PowerServer stays: that is a difference. Where another service
    has taken its name, the name is that one's.
    """
    retired = side["active"].eq(False).fillna(False).astype(bool)
    names = matched_by(side["facility"], side["name"])
    there = names.isin(matched_by(powerserver["facility"], powerserver["name"]))
    return side[~(retired & (~there | names.isin(names[~retired])))]


def _hours_text(hours: Mapping[Weekday, tuple[Span, ...]]) -> str:
    """Write hours as `sides.hours_text` does; several spans of one day stand one after another."""
    return " ".join(
        f"{day} {','.join(f'{clock(s.start)}-{clock(s.end)}' for s in hours[day])}"
        for day in WEEK
        if hours.get(day)
    )
