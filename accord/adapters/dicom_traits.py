"""What the studies of some days have in common: issuers, priorities, institutions; no patient."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from pydicom.dataset import Dataset

from accord.adapters.dicom import FindResult
from accord.adapters.dicom_rows import text_of
from accord.adapters.dicom_studies import in_window
from accord.domain.statuses import normalised

_KEYS = (
    *("StudyInstanceUID", "StudyDate", "StudyTime"),
    *("IssuerOfPatientID", "StudyPriorityID", "InstitutionName"),
)


class StudyTraits(NamedTuple):
    """Values that the studies of a window carry; '' where one carries none."""

    studies: int
    issuers: frozenset[str]
    priorities: frozenset[str]
    """(0032,000C) in upper case without spaces."""
    institutions: frozenset[str]
    """(0008,0080)."""


def study_traits(find: Callable[[Dataset], FindResult], first: date, last: date) -> StudyTraits:
    """
    Ask for the studies of days `first` to `last`, and keep only what they have in common.

    A window that is not shown whole tells what it shows: a value that is there was seen.

    Raises:
        PeerError: no whole answer came.
    """
    keys = Dataset()
    for keyword in _KEYS:
        setattr(keys, keyword, "")
    rows, _ = in_window(find, keys, first, last)
    return StudyTraits(
        studies=len(rows),
        issuers=frozenset(text_of(row, "IssuerOfPatientID") for row in rows),
        priorities=frozenset(normalised(text_of(row, "StudyPriorityID")) for row in rows),
        institutions=frozenset(text_of(row, "InstitutionName") for row in rows),
    )
