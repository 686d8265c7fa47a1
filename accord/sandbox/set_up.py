"""
Both systems' resources as the vendor's guide shows them, contradictions and all.

The guide asks for equal values on both sides, and its own pictures differ: BLUME CT lasts 30
minutes with overbooking in PowerServer and 01:00 without in OmegaAI, and BLUME XR ends at 10:59 PM
on one side only (docs/sources.md#parity).
"""

from typing import Any, NamedTuple

from accord.domain.wires import ResourceElements
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.world import Setting

Resource = dict[str, Any]
MODALITY_CODES = "http://dicom.nema.org/resources/ontology/DCM"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HEADING = (
    "Facility;Department;Room;Type;Class;Resource;Start Time;End Time;Default Duration;Overbooking"
)


class Service(NamedTuple):
    """One resource as one system shows it."""

    name: str
    modality: str
    start: str
    end: str
    minutes: int
    overbooking: bool = False


IN_POWERSERVER = (
    Service("BLUME CT", "CT", "12:00 AM", "11:59 PM", 30, overbooking=True),
    Service("BLUME MR", "MR", "08:00 AM", "06:00 PM", 60),
    Service("BLUME XR", "XR", "12:00 AM", "10:59 PM", 60),
)
IN_OMEGAAI = (
    Service("BLUME CT", "CT", "00:00", "23:59", 60),
    Service("BLUME MR", "MR", "08:00", "18:00", 60),
    Service("BLUME XR", "XR", "00:00", "23:59", 60),
)

IN_THE_FILE = (
    Service("BLUME CT", "CT", "00:00", "23:59", 30, overbooking=True),
    Service("BLUME MR", "MR", "08:00", "18:00", 60),
    Service("BLUME XR", "XR", "00:00", "22:59", 60),
)
"""PowerServer's resources, as an organization file says them."""


def declared(services: tuple[Service, ...] = IN_THE_FILE) -> dict[str, Any]:
    """Give a facility's departments and resources for an organization file."""
    rooms = [f"Sala {number}" for number, _ in enumerate(services, start=1)]
    return {
        "departments": [{"name": "Diagnóstico", "rooms": rooms}],
        "resources": [
            {
                "key": each.modality.lower(),
                "name": each.name,
                "department": "Diagnóstico",
                "room": room,
                "modalities": [each.modality],
                "default_duration": f"{each.minutes // 60:02}:{each.minutes % 60:02}",
                "working_days": {"mon-sun": f"{each.start}-{each.end}"},
                "overbooking": each.overbooking,
            }
            for room, each in zip(rooms, services, strict=True)
        ],
    }


def half_set_up(omegaai: OmegaAISim, setting: Setting) -> None:
    """Set up OmegaAI as somebody leaves it who was called away: the last room has no service."""
    load_services(omegaai, setting)
    omegaai.remove("HealthcareService", f"{setting.facility}-service-{len(IN_OMEGAAI)}")


def powerserver_grid(setting: Setting, services: tuple[Service, ...] = IN_POWERSERVER) -> bytes:
    """Write PowerServer's grid as Excel in Portuguese saves it: `;` and Windows-1252."""
    lines = [
        f"{setting.facility_name.upper()};Diagnóstico;Sala {number};MODALITY;{each.modality};"
        f"{each.name};{each.start};{each.end};{each.minutes},0;{'sim' if each.overbooking else ''}"
        for number, each in enumerate(services, start=1)
    ]
    return "\r\n".join([HEADING, *lines, ""]).encode("cp1252")


def load_hierarchy(omegaai: OmegaAISim, setting: Setting, master: str = "Sandbox Master") -> None:
    """Put a Master organization above the setting's own, as OmegaAI's tree wants it."""
    top = {
        "resourceType": "Organization",
        "id": f"{setting.organization}-master",
        "active": True,
        "name": master,
    }
    managing = {
        "resourceType": "Organization",
        "id": setting.organization,
        "active": True,
        "name": setting.organization_name,
        "partOf": {"reference": f"Organization/{top['id']}"},
    }
    omegaai.load([top, managing])


def load_services(
    omegaai: OmegaAISim, setting: Setting, services: tuple[Service, ...] = IN_OMEGAAI
) -> None:
    """Put healthcare services and their rooms into OmegaAI, for the setting's facility."""
    for number, each in enumerate(services, start=1):
        omegaai.load(_service_and_room(each, number, setting))


def _service_and_room(service: Service, number: int, setting: Setting) -> list[Resource]:
    elements = ResourceElements()
    of = {"reference": f"Organization/{setting.facility}"}
    room = {
        "resourceType": "Location",
        "id": f"{setting.facility}-room-{number}",
        "status": "active",
        "name": f"Sala {number}",
        "managingOrganization": of,
    }
    code = {"system": MODALITY_CODES, "code": service.modality}
    hours = {
        "daysOfWeek": WEEK,
        "availableStartTime": f"{service.start}:00",
        "availableEndTime": f"{service.end}:00",
    }
    duration = {"value": service.minutes, "unit": "min", "code": "min"}
    return [
        room,
        {
            "resourceType": "HealthcareService",
            "id": f"{setting.facility}-service-{number}",
            "active": True,
            "providedBy": of,
            "location": [{"reference": f"Location/{room['id']}"}],
            "name": service.name,
            "specialty": [{"coding": [code]}],
            "availableTime": [hours],
            "extension": [
                {
                    "url": elements.default_duration,
                    "valueDuration": {"system": "http://unitsofmeasure.org", **duration},
                },
                {"url": elements.overbooking, "valueBoolean": service.overbooking},
            ],
        },
    ]
