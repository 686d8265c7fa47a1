"""One side's resources as a frame: the same columns, whichever system they come from."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from accord.domain.hours import WEEK, Span, Weekday, clock
from accord.domain.resources import Resource

DTYPES = {
    "facility": "str",
    "name": "str",
    "department": "str",
    "room": "str",
    "modalities": "str",  # sorted, with `|` between them
    "hours": "str",  # as `hours_text` writes them
    "minutes": "Int64",
    "overbooking": "boolean",
    "active": "boolean",
    "source": "str",  # where a person finds it: a line of a file, an id at the peer
}


def frame_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a side's frame; its index is the row's `source`. Also of no rows, with all columns."""
    frame = pd.DataFrame(list(rows), columns=list(DTYPES)).astype(DTYPES)
    frame.index = pd.Index(frame["source"], dtype="object")
    return frame


def modalities_text(modalities: Iterable[str]) -> str:
    """Write a set of modality codes so that equal sets are equal texts."""
    return "|".join(sorted({code.strip().upper() for code in modalities if code.strip()}))


def hours_text(hours: Mapping[Weekday, Span]) -> str:
    """Write working hours by day so that equal hours are equal texts."""
    return " ".join(
        f"{day} {clock(hours[day].start)}-{clock(hours[day].end)}" for day in WEEK if day in hours
    )


def every_day(span: Span) -> dict[Weekday, Span]:
    """PowerServer's one pair of hours, as it stands for every day."""
    return dict.fromkeys(WEEK, span)


def wanted_rows(facility: str, resources: Iterable[Resource]) -> list[dict[str, Any]]:
    """Give what an organization file wants of one facility, as rows of a side's frame."""
    return [
        {
            "facility": facility,
            "name": resource.name,
            "department": resource.department,
            "room": resource.room,
            "modalities": modalities_text(resource.modalities),
            "hours": hours_text(resource.hours),
            "minutes": resource.default_minutes,
            "overbooking": resource.overbooking,
            "active": resource.active,
            "source": f"{facility}/{resource.key}",
        }
        for resource in resources
    ]
