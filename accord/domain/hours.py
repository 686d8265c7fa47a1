"""Working hours and durations as the two systems write them, read into minutes."""

import re
from enum import StrEnum
from typing import NamedTuple

MINUTES_A_DAY = 24 * 60
_CLOCK = re.compile(r"^([0-9]{1,2}):([0-9]{2})$")


class Weekday(StrEnum):
    """Days as FHIR names them (days-of-week)."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)


class Span(NamedTuple):
    """From `start` to `end` on one day, in minutes after midnight; the end is not part of it."""

    start: int
    end: int


def minutes_of(text: str) -> int:
    """
    Read `HH:MM` into minutes: a clock time after midnight, or a duration.

    `24:00` is the end of a day. Raises ValueError, which quotes nothing.
    """
    found = _CLOCK.match(text.strip())
    hours, minutes = (int(part) for part in found.groups()) if found else (0, 60)
    total = hours * 60 + minutes
    if minutes > 59 or total > MINUTES_A_DAY:
        raise ValueError("must be HH:MM, such as 08:00 or 18:30, up to 24:00")
    return total


def clock(minutes: int) -> str:
    """Write minutes as `HH:MM`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def span_of(text: str) -> Span:
    """
    Read `08:00-18:00`; ValueError where it is none, or ends before it starts.

    Hours over midnight are not representable at either system: two resources, or two days.
    """
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError("must be a start and an end, such as 08:00-18:00")
    span = Span(minutes_of(start), minutes_of(end))
    if span.end <= span.start:
        raise ValueError("must end after it starts, on the same day")
    return span


def days_of(text: str) -> tuple[Weekday, ...]:
    """
    Read a day or a run of days: `mon`, `mon-fri`, `sat-sun`.

    Raises ValueError where a name is no day, or the run goes backwards.
    """
    first, dash, last = text.strip().lower().partition("-")
    try:
        start = WEEK.index(Weekday(first))
        end = WEEK.index(Weekday(last)) if dash else start
    except ValueError:
        raise ValueError("must be a day such as mon, or days such as mon-fri") from None
    if end < start:
        raise ValueError("must run forward in the week, such as mon-fri")
    return WEEK[start : end + 1]


def short_hours(text: str) -> str:
    """
    Write hours by day as people do: `mon 08:00-18:00 tue 08:00-18:00` is `mon-tue 08:00-18:00`.

    The days stand in the week's order; nothing else is looked at.
    """
    words = text.split()
    runs: list[tuple[list[str], str]] = []
    for day, hours in zip(words[::2], words[1::2], strict=True):
        is_next = bool(runs) and hours == runs[-1][1] and _follows(runs[-1][0][-1], day)
        if is_next:
            runs[-1][0].append(day)
        else:
            runs.append(([day], hours))
    return ", ".join(
        f"{days[0]}-{days[-1]} {hours}" if len(days) > 1 else f"{days[0]} {hours}"
        for days, hours in runs
    )


def _follows(day: str, other: str) -> bool:
    return WEEK.index(Weekday(other)) == WEEK.index(Weekday(day)) + 1
