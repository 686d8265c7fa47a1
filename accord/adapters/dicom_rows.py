"""Reading DICOM attributes as a peer writes them: text, dates and times, level, type."""

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from accord.domain.forms import Section

LEVEL_CODE, LEVEL_SCHEME = "DT.01", "99RAMSOFT"
LEVELS = {"Patient Level": Section.PATIENT_DOCS, "Study Level": Section.DOCUMENTS}
MEANINGS = {section: meaning for meaning, section in LEVELS.items()}
DOCUMENT_TYPE: BaseTag = Tag(0x311B, 0x1010)
"""Document Type (LO): the vendor prints the whole tag, so block 10 of a private group."""
PRIVATE_CREATOR: BaseTag = Tag(0x311B, 0x0010)

_SECTIONS = {"".join(meaning.split()).casefold(): section for meaning, section in LEVELS.items()}


def text_of(row: Dataset, keyword: str) -> str:
    """Give one attribute as text, '' where the peer left it out or empty."""
    value = row.get(keyword)
    return "" if value is None else str(value).strip(" \0")


def document_type_of(row: Dataset) -> str:
    """
    Give the private document type, '' where the peer does not say.

    With implicit VR, or a creator we do not know, it arrives as bytes of unknown VR.
    """
    if DOCUMENT_TYPE not in row:
        return ""
    value = row[DOCUMENT_TYPE].value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value or "").strip(" \0")


def section_of(row: Dataset) -> Section | None:
    """
    Give the section from the document's level; None where the peer does not say.

    Source: OmegaAI DICOM conformance statement Rev C, Encapsulated PDF (docs/sources.md#dicom-pdf)
    """
    for code in row.get("ConceptNameCodeSequence") or ():
        names = (text_of(code, "CodeValue"), text_of(code, "CodingSchemeDesignator"))
        if names == (LEVEL_CODE, LEVEL_SCHEME):
            meaning = "".join(text_of(code, "CodeMeaning").split()).casefold()
            return _SECTIONS.get(meaning)
    return None


def date_of(value: str) -> date | None:
    """Read a DA, also in its older form with dots."""
    digits = value.replace(".", "")
    try:
        return datetime.strptime(digits[:8], "%Y%m%d").date() if len(digits) >= 8 else None  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return None


def time_of(value: str) -> time | None:
    """Read a TM: hours, and what follows of minutes, seconds and fraction."""
    whole, _, fraction = value.replace(":", "").partition(".")
    if len(whole) not in (2, 4, 6) or not (whole + fraction).isdigit():
        return None
    parts = [int(whole[i : i + 2]) for i in range(0, len(whole), 2)]
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    try:
        return time(hours, minutes, min(seconds, 59), int(fraction[:6].ljust(6, "0")))
    except ValueError:
        return None


def moment_of(row: Dataset, day: str, clock: str, zone: ZoneInfo) -> datetime | None:
    """
    Give the moment that two attributes name, aware; None where they do not name one.

    An offset in the row (0008,0201) counts; else the time is read in the peer's declared zone,
    where the doubled hour is ambiguous and the missing hour is no moment: both give None.
    """
    on, at = date_of(text_of(row, day)), time_of(text_of(row, clock))
    if on is None or at is None:
        return None
    wall = datetime.combine(on, at)
    offset = _offset_of(text_of(row, "TimezoneOffsetFromUTC"))
    if offset is not None:
        return wall.replace(tzinfo=offset)
    local = wall.replace(tzinfo=zone)
    return local if local.utcoffset() == local.replace(fold=1).utcoffset() else None


def _offset_of(value: str) -> tzinfo | None:
    if len(value) != 5 or value[0] not in "+-" or not value[1:].isdigit():
        return None
    amount = timedelta(hours=int(value[1:3]), minutes=int(value[3:]))
    if amount >= timedelta(hours=24):
        return None
    return timezone(-amount if value[0] == "-" else amount)
