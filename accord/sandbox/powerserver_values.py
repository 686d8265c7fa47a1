"""Texts as DICOM can carry them: PowerServer's database holds more than its DICOM side shows."""

import re

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import RE_VALID_UID

from accord.sandbox.powerserver_records import HeldPatient

LONGEST = {"AE": 16, "CS": 16, "LO": 64, "PN": 64, "SH": 16, "ST": 1024}
"""Characters by VR (DICOM PS3.5, table 6.2-1)."""


def put(row: Dataset, **values: str) -> None:
    """Set texts by keyword, each cut and cleaned to what its VR allows."""
    for keyword, text in values.items():
        setattr(row, keyword, fitted(dictionary_VR(keyword), text))


def fitted(vr: str, text: str) -> str:
    """Give a text without what the VR cannot carry, cut where it is too long."""
    plain = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    if vr == "CS":
        plain = re.sub(r"[^A-Z0-9 _]", "", plain.upper())
    if vr != "ST":
        plain = plain.replace("\\", "/")  # a backslash would make two values
    return plain[: LONGEST[vr]].strip()


def is_uid(text: str) -> bool:
    """Tell whether a text is a DICOM UID (PS3.5 section 9)."""
    return len(text) <= 64 and re.fullmatch(RE_VALID_UID, text) is not None


def person_name(patient: HeldPatient) -> str:
    """Give a patient's name as PN: family and given."""
    parts = (re.sub(r"[\^=\\]", " ", part) for part in (patient.family, patient.given))
    return "^".join(parts)
