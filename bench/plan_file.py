"""The same many resources twice: as a file declares them, and as OmegaAI shows them."""

from typing import Any

from accord.domain.organizations import Organization
from accord.domain.wires import ResourceElements

FACILITY_ID, ROOMS = "norte", 50
_ELEMENTS = ResourceElements()


def room_id(number: int) -> str:
    """Name a room at OmegaAI."""
    return f"room-{number}"


def organization(count: int) -> Organization:
    """Declare `count` resources in one facility."""
    return Organization.model_validate(
        {
            "slug": "bench",
            "name": "Bench",
            "facilities": [
                {
                    "slug": "norte",
                    "name": "Norte",
                    "time_zone": "America/Manaus",
                    "issuer": "BENCH",
                    "powerserver": "main",
                    "departments": [{"name": "D", "rooms": [f"Sala {n}" for n in range(ROOMS)]}],
                    "resources": [_resource(n) for n in range(count)],
                }
            ],
        }
    )


def _resource(number: int) -> dict[str, Any]:
    return {
        "key": f"ct-{number}",
        "name": f"CT {number}",
        "department": "D",
        "room": f"Sala {number % ROOMS}",
        "modalities": ["CT"],
        "default_duration": "00:30",
        "working_days": {"mon-fri": "08:00-18:00"},
    }


def service(number: int, minutes: int) -> dict[str, Any]:
    """Give one of them as OmegaAI shows it."""
    hours = {
        "daysOfWeek": ["mon", "tue", "wed", "thu", "fri"],
        "availableStartTime": "08:00:00",
        "availableEndTime": "18:00:00",
    }
    duration = {"value": minutes, "unit": "min", "code": "min"}
    return {
        "resourceType": "HealthcareService",
        "id": f"ct-{number}",
        "active": True,
        "name": f"CT {number}",
        "providedBy": {"reference": f"Organization/{FACILITY_ID}"},
        "location": [{"reference": f"Location/{room_id(number % ROOMS)}"}],
        "specialty": [{"coding": [{"code": "CT"}]}],
        "availableTime": [hours],
        "extension": [
            {"url": _ELEMENTS.default_duration, "valueDuration": duration},
            {"url": _ELEMENTS.overbooking, "valueBoolean": False},
        ],
    }
