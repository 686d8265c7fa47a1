"""A planned change of a healthcare service, and what is to be written for it."""

from accord.adapters.omegaai_service_elements import ServiceValues
from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.hours import Span, Weekday, span_of
from accord.domain.organizations import Organization
from accord.setup.change_plans import PlannedChange
from accord.setup.changes import Verdict
from accord.setup.service_plans import live_services

RETIRED = ServiceValues(active=False)


def values_of(item: PlannedChange) -> ServiceValues:
    """Give what is to be written: the changed fields, and nothing else of the service."""
    if item.change.verdict is Verdict.RETIRE:
        return RETIRED
    after = {field.name: field.after for field in item.change.fields}
    return ServiceValues(
        name=after.get("name"),
        organization_id=item.organization_id or None,
        room_id=item.room_id or None,
        active=_flag(after.get("active")),
        modalities=frozenset(after["modalities"].split("|")) if "modalities" in after else None,
        hours=hours_of(after["hours"]) if "hours" in after else None,
        minutes=int(after["minutes"]) if "minutes" in after else None,
        overbooking=_flag(after.get("overbooking")),
    )


def shows(item: PlannedChange, seen: ServiceSeen, organization: Organization) -> bool:
    """Say whether a service shows all that the change was to write."""
    if item.change.verdict is Verdict.RETIRE:
        return not seen.active
    live = live_services(organization, [seen])
    return bool(live) and all(
        live[0].fields.get(field.name, "") == field.after for field in item.change.fields
    )


def hours_of(text: str) -> dict[Weekday, Span]:
    """Read what `sides.hours_text` wrote: `mon 08:00-18:00 tue 08:00-12:00`."""
    words = text.split()
    return {Weekday(day): span_of(span) for day, span in zip(words[::2], words[1::2], strict=True)}


def _flag(text: str | None) -> bool | None:
    return None if text is None else text == "true"
