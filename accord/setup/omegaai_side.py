"""OmegaAI's side of the comparison, from what it shows over FHIR."""

from collections.abc import Iterable, Mapping

import pandas as pd

from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.hours import WEEK, Span, Weekday, clock
from accord.domain.organizations import Facility
from accord.setup.sides import frame_of, modalities_text


def omegaai_side(services: Iterable[ServiceSeen], facilities: Iterable[Facility]) -> pd.DataFrame:
    """
    Make a side's frame of the services of these facilities; those of others are left out.

    A service whose organization is none of ours is another site's; one that names no organization
    stays, with an empty facility, since it may be ours.
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
        if not service.facility or service.facility.casefold() in ours
    )


def _hours_text(hours: Mapping[Weekday, tuple[Span, ...]]) -> str:
    """Write hours as `sides.hours_text` does; several spans of one day stand one after another."""
    return " ".join(
        f"{day} {','.join(f'{clock(s.start)}-{clock(s.end)}' for s in hours[day])}"
        for day in WEEK
        if hours.get(day)
    )
