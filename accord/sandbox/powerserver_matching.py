"""Attribute matching of C-FIND, as the standard has it (DICOM PS3.4 C.2.2.2)."""

import re
from datetime import date, timedelta

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

NO_KEYS = frozenset({0x00080005, 0x00080052, 0x00080054, 0x00080201})
"""Character set, level, retrieve AE and zone: they steer the query and match nothing."""
TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
RANGE_VRS = frozenset({"DA", "TM"})
LONGEST_RANGE_DAYS = 400


def matches(row: Dataset, identifier: Dataset) -> bool:
    """Tell whether a row satisfies every key of the identifier that holds a value."""
    return all(_key_matches(row, key) for key in identifier if key.tag not in NO_KEYS)


def selected(row: Dataset, identifier: Dataset, level: str, ae_title: str) -> Dataset:
    """Give a row with just what was asked for; what is not held comes back empty."""
    answer = Dataset()
    for key in identifier:
        if key.tag in row:
            answer[key.tag] = row[key.tag]
        elif key.tag not in NO_KEYS:
            answer[key.tag] = DataElement(key.tag, key.VR, [] if key.VR == "SQ" else None)
    answer.SpecificCharacterSet = "ISO_IR 192"
    if level:
        answer.QueryRetrieveLevel = level
    answer.RetrieveAETitle = ae_title
    return answer


def values_of(identifier: Dataset, keyword: str) -> list[str]:
    """List the values of a key; empty where it matches everything."""
    found = identifier.get(keyword)
    if found is None or found == "":
        return []
    each = found if isinstance(found, MultiValue) else [found]
    return [str(one) for one in each if str(one)]


def days_of(text: str) -> list[date]:
    """List the days of a DA value or range; empty where it is open, unreadable or very long."""
    first, dash, last = text.partition("-")
    try:
        start = date.fromisoformat(first)
        end = date.fromisoformat(last) if dash else start
    except ValueError:
        return []
    length = (end - start).days
    if length > LONGEST_RANGE_DAYS:
        return []
    return [start + timedelta(days=ahead) for ahead in range(length + 1)]


def _key_matches(row: Dataset, key: DataElement) -> bool:
    if key.tag.is_private_creator:
        return True
    if key.VR == "SQ":
        return _sequence_matches(row, key)
    wanted = [str(one) for one in key.value] if isinstance(key.value, MultiValue) else [key.value]
    wanted = [str(one) for one in wanted if one is not None and str(one) != ""]
    if not wanted:
        return True
    found = _values(row, key.tag)
    return any(_value_matches(key.VR, each, one) for each in wanted for one in found)


def _sequence_matches(row: Dataset, key: DataElement) -> bool:
    if not key.value:
        return True
    items = row[key.tag].value if key.tag in row else []
    return any(matches(item, key.value[0]) for item in items)


def _values(row: Dataset, tag: BaseTag) -> list[str]:
    if tag not in row:
        return []
    found = row[tag].value
    return [str(one) for one in found] if isinstance(found, MultiValue) else [str(found)]


def _value_matches(vr: str, wanted: str, found: str) -> bool:
    if vr in RANGE_VRS and "-" in wanted:
        first, _, last = wanted.partition("-")
        return (not first or found >= first) and (not last or found[: len(last)] <= last)
    if vr in TEXT_VRS and re.search(r"[*?]", wanted):
        pattern = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
        return re.fullmatch(pattern, found, re.IGNORECASE if vr == "PN" else 0) is not None
    if vr == "PN":
        return wanted.rstrip("^").casefold() == found.rstrip("^").casefold()
    return wanted == found
