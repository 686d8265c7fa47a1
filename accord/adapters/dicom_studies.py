"""Studies as PowerServer shows them over C-FIND, found whole although a C-FIND ends at a limit."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset

from accord.adapters.dicom import FindResult
from accord.adapters.dicom_limits import fitting
from accord.adapters.dicom_rows import date_of, moment_of, text_of
from accord.domain.base import Record
from accord.domain.identifiers import AccessionNumber, Issuer, PatientNumber, Uid
from accord.domain.people import PatientId
from accord.domain.statuses import normalised

DAY_S = 24 * 60 * 60
EVER = (date(1900, 1, 1), date(2099, 12, 31))
Find = Callable[[Dataset], FindResult]

STUDY_KEYS = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "PatientID",
    "IssuerOfPatientID",
    "StudyStatusID",
    "StudyPriorityID",
    "TimezoneOffsetFromUTC",
)


class StudyState(Record):
    """One study, as far as its place and its progress go."""

    study_uid: Uid
    patient: PatientId
    issuer_returned: bool
    """Whether the peer itself named the issuer, or left it to our question."""
    accession: AccessionNumber | None
    status: str
    """(0032,000A) in upper case without spaces; '' where the peer does not say."""
    priority: str
    """(0032,000C), the same."""
    day: date | None
    """Study date as the peer writes it, in its own zone."""
    date_text: str
    """(0008,0020) and (0008,0030) as they came: what joins this study repeats them."""
    time_text: str
    at: datetime | None
    """Study date and time; None where they name no single moment."""

    def __str__(self) -> str:
        return f"StudyState({self.study_uid})"

    __repr__ = __str__


class StudiesFound(Record):
    """Studies of a window. Not `complete`: there may be more than the peer would say."""

    studies: tuple[StudyState, ...]
    complete: bool

    def __str__(self) -> str:
        return f"StudiesFound({len(self.studies)}, complete={self.complete})"

    __repr__ = __str__


def study_keys(
    patient: PatientId | None = None, accession: AccessionNumber | None = None
) -> Dataset:
    """
    Ask for studies; the issuer is part of the patient's key and always goes along.

    Raises:
        UnfitForDicom: a value that DICOM would read as several.
    """
    keys = Dataset()
    for keyword in STUDY_KEYS:
        setattr(keys, keyword, "")
    if patient is not None:
        keys.PatientID = fitting("PatientID", patient.number, 64)
        keys.IssuerOfPatientID = fitting("IssuerOfPatientID", patient.issuer, 64)
    if accession is not None:
        keys.AccessionNumber = fitting("AccessionNumber", accession, 16)
    if not all(str(e.value).isascii() for e in keys):
        keys.SpecificCharacterSet = "ISO_IR 192"
    return keys


def state_of(row: Dataset, zone: ZoneInfo, asked: PatientId | None) -> StudyState:
    """Read one row of a STUDY query; a missing issuer is taken from the question."""
    issuer = text_of(row, "IssuerOfPatientID")
    assumed = asked.issuer if asked is not None else Issuer("")
    date_text, time_text = text_of(row, "StudyDate"), text_of(row, "StudyTime")
    accession = text_of(row, "AccessionNumber")
    return StudyState(
        study_uid=Uid(text_of(row, "StudyInstanceUID")),
        patient=PatientId(
            number=PatientNumber(text_of(row, "PatientID")), issuer=Issuer(issuer) or assumed
        ),
        issuer_returned=bool(issuer),
        accession=AccessionNumber(accession) if accession else None,
        status=normalised(text_of(row, "StudyStatusID")),
        priority=normalised(text_of(row, "StudyPriorityID")),
        day=date_of(date_text),
        date_text=date_text,
        time_text=time_text,
        at=moment_of(row, "StudyDate", "StudyTime", zone),
    )


def in_window(find: Find, keys: Dataset, first: date, last: date) -> tuple[list[Dataset], bool]:
    """
    Find the studies of days `first` to `last`, halving the window where a result is cut short.

    A single day is halved by the time of day. A study without date or time falls out of every
    half; if the cut result shows one, the whole is not complete.
    """
    result = find(_during(keys, first, last))
    if not result.truncated:
        return list(result.rows), True
    if first == last:
        parts = list(_hours(find, keys, first, 0, DAY_S - 1))
    else:
        middle = first + (last - first) // 2
        parts = [
            in_window(find, keys, first, middle),
            in_window(find, keys, middle + timedelta(days=1), last),
        ]
    return _joined(list(result.rows), parts)


def of_patient(find: Find, keys: Dataset) -> tuple[list[Dataset], bool]:
    """Find a patient's studies, by windows only where one question is not enough."""
    result = find(keys)
    if not result.truncated:
        return list(result.rows), True
    return _joined(list(result.rows), [in_window(find, keys, *EVER)])


def _hours(
    find: Find, keys: Dataset, day: date, start: int, end: int
) -> Iterator[tuple[list[Dataset], bool]]:
    middle = (start + end) // 2
    for low, high in ((start, middle), (middle + 1, end)):
        asked = _during(keys, day, day)
        asked.StudyTime = f"{_clock(low)}-{_clock(high)}.999999"
        result = find(asked)
        if not result.truncated:
            yield list(result.rows), True
        elif low == high:
            yield list(result.rows), False
        else:
            yield from _hours(find, keys, day, low, high)


def _joined(
    cut: list[Dataset], parts: list[tuple[list[Dataset], bool]]
) -> tuple[list[Dataset], bool]:
    rows = {text_of(row, "StudyInstanceUID"): row for part, _ in parts for row in part}
    fell_out = [row for row in cut if text_of(row, "StudyInstanceUID") not in rows]
    complete = not fell_out and all(complete for _, complete in parts)
    return [*rows.values(), *fell_out], complete


def _during(keys: Dataset, first: date, last: date) -> Dataset:
    asked = deepcopy(keys)  # data sets share their elements otherwise
    asked.StudyDate = f"{first:%Y%m%d}-{last:%Y%m%d}"
    return asked


def _clock(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"
