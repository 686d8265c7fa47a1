"""One patient's studies with what tells whose they are, and whether an exam stands behind them."""

from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from accord.adapters.dicom import DicomStation, Level
from accord.adapters.dicom_partial import CutShort
from accord.adapters.dicom_rows import text_of
from accord.adapters.dicom_studies import StudyState, of_patient, state_of, study_keys
from accord.adapters.errors import Phase
from accord.domain.base import Record
from accord.domain.identifiers import AccessionNumber
from accord.domain.people import PatientId


class PatientStudy(Record):
    """One study and its patient's name, for the guard that nobody real is touched."""

    state: StudyState
    name: str
    """(0010,0010) as it came; '' where the peer leaves it out."""
    modalities: frozenset[str]
    """(0008,0061); empty where the peer does not say."""

    def __str__(self) -> str:
        return f"PatientStudy({self.state.study_uid})"

    __repr__ = __str__

    @property
    def only_carries_documents(self) -> bool:
        """Whether it stands there for documents' sake: DICOM knows no object without a study."""
        return self.modalities == {"DOC"} and self.state.accession is None


class PatientStudies:
    """Asks one station for the studies of one patient, or of one accession number."""

    def __init__(self, station: DicomStation, zone: ZoneInfo) -> None:
        self._station, self._zone = station, zone

    def of(self, patient: PatientId) -> tuple[PatientStudy, ...]:
        """
        List all studies of a patient.

        Raises:
            CutShort: the list is not complete, so absence from it would prove nothing.
            PeerError: the station could not be asked.
        """
        found = self._asked(study_keys(patient), patient)
        return tuple(each for each in found if each.state.patient == patient)

    def numbered(self, accession: AccessionNumber) -> tuple[PatientStudy, ...]:
        """List the studies of an accession number, whoever's they are; raises as `of` does."""
        found = self._asked(study_keys(accession=accession), None)
        return tuple(each for each in found if each.state.accession == accession)

    def _asked(self, keys: Dataset, patient: PatientId | None) -> list[PatientStudy]:
        keys.PatientName, keys.ModalitiesInStudy = "", ""
        rows, complete = of_patient(lambda k: self._station.find(Level.STUDY, k), keys)
        if not complete:
            raise CutShort(
                "the station's results are cut short at its limit (dicom.find_limit): raise it",
                Phase.VERIFY,
            )
        return [
            PatientStudy(
                state=state_of(row, self._zone, patient),
                name=text_of(row, "PatientName"),
                modalities=_modalities(row),
            )
            for row in rows
        ]


def _modalities(row: Dataset) -> frozenset[str]:
    value = row.get("ModalitiesInStudy")
    several = value if isinstance(value, MultiValue) else [value]
    return frozenset(str(one).strip() for one in several if one is not None and str(one).strip())
