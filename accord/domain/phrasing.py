"""How numbers, dates and a few words are said in the site's language. Formats are data."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from accord.domain.base import Record


class Phrases(Record):
    """The words that an answer may need, in one language."""

    yes: str
    no: str
    no_zone: str
    attachment: str
    signature: str
    picture: str
    decimal_mark: str
    absent: dict[str, str]
    """FHIR data-absent-reason code -> words."""


PHRASES: Mapping[str, Phrases] = MappingProxyType(
    {
        "pt-BR": Phrases(
            yes="Sim",
            no="Não",
            no_zone="fuso não informado",
            attachment="Anexo",
            signature="Assinatura",
            picture="Imagem",
            decimal_mark=",",
            absent={
                "unknown": "desconhecido",
                "asked-unknown": "perguntado, não sabe",
                "asked-declined": "prefere não responder",
                "not-asked": "não perguntado",
                "not-applicable": "não se aplica",
                "masked": "não divulgado",
            },
        ),
        "en-US": Phrases(
            yes="Yes",
            no="No",
            no_zone="no time zone given",
            attachment="Attachment",
            signature="Signature",
            picture="Picture",
            decimal_mark=".",
            absent={
                "unknown": "unknown",
                "asked-unknown": "asked, does not know",
                "asked-declined": "prefers not to answer",
                "not-asked": "not asked",
                "not-applicable": "not applicable",
                "masked": "not disclosed",
            },
        ),
    }
)

_MONTHS = "January February March April May June July August September October November December"
_LONGEST_NUMBER = 40  # digits; beyond it the exponent form is the readable one


def say_number(value: Any, locale: str) -> str:
    """
    Say an integer or decimal, with the locale's decimal mark and no thousands marks.

    Without them because a year typed as an integer must stay `1987`.

    Raises:
        ValueError: not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("not a number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a finite number")
    text = str(number) if abs(number.adjusted()) > _LONGEST_NUMBER else format(number, "f")
    return text.replace(".", PHRASES[locale].decimal_mark)


def say_date(text: str, locale: str) -> str:
    """
    Say a FHIR date of any precision: 2024, 2024-05 or 2024-05-17.

    Raises:
        ValueError: not such a date.
    """
    parts = text.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[0]) != 4:
        raise ValueError("not a date")
    if len(parts) == 3:
        return say_day(date.fromisoformat(text), locale)
    first = date(int(parts[0]), int(parts[1]) if len(parts) == 2 else 1, 1)
    if len(parts) == 1:
        return f"{first.year:04}"
    if len(parts) > 2 or len(parts[1]) != 2:
        raise ValueError("not a date")
    if locale == "pt-BR":
        return f"{first.month:02}/{first.year:04}"
    return f"{_MONTHS.split()[first.month - 1]} {first.year:04}"


def say_day(day: date, locale: str) -> str:
    """Say a calendar day."""
    if locale == "pt-BR":
        return f"{day.day:02}/{day.month:02}/{day.year:04}"
    return f"{_MONTHS.split()[day.month - 1]} {day.day}, {day.year:04}"


def say_time(moment: time, locale: str) -> str:
    """Say a time of day; seconds only where there are any."""
    tail = f":{moment.second:02}" if moment.second or moment.microsecond else ""
    if moment.microsecond:
        fraction = f"{moment.microsecond:06}".rstrip("0")
        tail += f"{PHRASES[locale].decimal_mark}{fraction}"
    if locale == "pt-BR":
        return f"{moment.hour:02}:{moment.minute:02}{tail}"
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.hour % 12 or 12}:{moment.minute:02}{tail} {half}"


def say_offset(offset: timedelta | None, locale: str) -> str:
    """Say an offset from UTC as `UTC-03:00`; a missing one is said to be missing."""
    if offset is None:
        return PHRASES[locale].no_zone
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return "UTC"
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def say_moment(text: str, locale: str) -> str:
    """
    Say a FHIR dateTime of any precision with the offset it came with; nothing is converted.

    Raises:
        ValueError: not such a dateTime.
    """
    if "T" not in text:
        return say_date(text, locale)
    moment = datetime.fromisoformat(text)
    day, clock = say_day(moment.date(), locale), say_time(moment.time(), locale)
    return f"{day} {clock} ({say_offset(moment.utcoffset(), locale)})"


def say_instant(at: datetime, zone: str, locale: str) -> str:
    """
    Say an aware instant in an IANA zone, naming both the zone and its offset.

    Raises:
        ValueError: `at` has no offset.
    """
    if at.utcoffset() is None:
        raise ValueError("an instant needs an offset")
    local = at.astimezone(ZoneInfo(zone))
    clock = say_time(local.time().replace(microsecond=0), locale)
    offset = say_offset(local.utcoffset(), locale)
    return f"{say_day(local.date(), locale)} {clock} ({zone}, {offset})"


def say_size(count: int, locale: str) -> str:
    """Say a number of bytes: 512 B, 34 kB, 1.2 MB."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count // 1000} kB"
    return f"{say_number(Decimal(count // 100_000) / 10, locale)} MB"
