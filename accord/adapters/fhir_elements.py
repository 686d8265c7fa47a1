"""Reading FHIR's JSON without trusting it: each accessor gives the type asked for, or refuses."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

JsonObject = dict[str, Any]


class Misshapen(Exception):
    """An element has another type than FHIR gives it; named by its path, never by its value."""


class NeighbourMisshapen(Misshapen):
    """What a resource rests on cannot be understood; the resource itself can."""


def objects(node: JsonObject, name: str) -> list[JsonObject]:
    """Give a repeating element's objects; an absent element has none."""
    value = node.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Misshapen(name)
    return value


def child(node: JsonObject, name: str) -> JsonObject:
    """Give an element's object, empty where absent."""
    value = node.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Misshapen(name)
    return value


def text(node: JsonObject, name: str) -> str:
    """Give an element's text, '' where absent."""
    value = node.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misshapen(name)
    return value


def texts(node: JsonObject, name: str) -> list[str]:
    """Give a repeating element's texts; FHIR's null place-holders are left out."""
    value = node.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str | None) for item in value):
        raise Misshapen(name)
    return [item for item in value if item is not None]


def codes(concept: JsonObject, system: str | None = None) -> list[str]:
    """Give a CodeableConcept's codes, of one system if named."""
    return [
        text(coding, "code")
        for coding in objects(concept, "coding")
        if system is None or text(coding, "system") == system
    ]


PLAUSIBLE_YEARS = range(1900, 2200)
"""Beyond them a moment is a program's way of saying that it knows none."""


def instant(value: str, name: str) -> datetime:
    """Read a FHIR instant; one without an offset is misshapen."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise Misshapen(name) from None
    if read.tzinfo is None or read.year not in PLAUSIBLE_YEARS:
        raise Misshapen(name)
    return read.astimezone(UTC)


def moment(value: str, zone: ZoneInfo) -> datetime | None:
    """
    Read a FHIR dateTime as a moment; None where it does not say one.

    A bare date says none, nor does a year in which nobody filled in a form: programs write their
    smallest moment for one they do not know. A time without an offset, which FHIR forbids and
    peers write, is read in `zone`; the hour that happens twice there, and the one that never does,
    say none either.
    """
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    if len(value) <= len("2026-11-23") or read.year not in PLAUSIBLE_YEARS:
        return None
    if read.tzinfo is not None:
        return read
    early, late = (read.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return early if early.utcoffset() == late.utcoffset() else None


def version_of(resource: JsonObject) -> str:
    """Give `meta.versionId`, or `meta.lastUpdated` where the server keeps no versions."""
    meta = child(resource, "meta")
    return text(meta, "versionId") or text(meta, "lastUpdated")


def last_updated_of(resource: JsonObject) -> datetime:
    """Give `meta.lastUpdated`; a resource without it is misshapen."""
    return instant(text(child(resource, "meta"), "lastUpdated"), "meta.lastUpdated")


def id_of(resource: JsonObject) -> str:
    """Give the logical id; a resource without it is misshapen."""
    name = text(resource, "id")
    if not name:
        raise Misshapen("id")
    return name
