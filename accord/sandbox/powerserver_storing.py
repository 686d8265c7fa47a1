"""C-STORE of Encapsulated PDF at PowerServer, with the danger its manual documents."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_filing import Filing, FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_instances import (
    PATIENT_LEVEL,
    content_in,
    document_type_in,
    level_in,
)
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy, PatientKey
from accord.sandbox.powerserver_values import is_uid

SUCCESS, REFUSED, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000
RECEIVE_STUDY_AS = "COMPLETED"
"""The station's default for what it receives. Source: docs/sources.md#ps-recv"""


class StoreRoom:
    """Takes stored objects."""

    def __init__(
        self,
        archive: Archive,
        room: FilingRoom,
        faults: PowerServerFaults,
        settings: PowerServerSettings,
    ) -> None:
        self._archive, self._room, self._faults = archive, room, faults
        self._settings, self._zone = settings, ZoneInfo(settings.zone)

    def store(self, ds: Dataset, *, calling: str) -> int:
        """
        File a stored object and give the DIMSE status; one already held is not filed again.

        A blank issuer is filled in as the station's Receive tab says; a study nobody ordered is
        made, which is how phantom studies come about.
        """
        key = (
            str(ds.get("IssuerOfPatientID") or self._settings.issuer_when_blank),
            str(ds.get("PatientID", "")),
        )
        content = content_in(ds)
        sop_uid = _uid(ds, "SOPInstanceUID")
        if not all(key) or not content or not sop_uid:
            return NOT_UNDERSTOOD
        with self._archive.lock:
            if self._archive.document_by_sop(sop_uid):
                return SUCCESS
            if key not in self._archive.patients:
                if not self._settings.creates_unknown_patients:
                    return REFUSED
                self._archive.put_patient(_patient(ds, key))
            study = self._study(ds, key)
            if study is not None and study.patient != key:
                return REFUSED
            self._file(ds, key, study, content, calling)
        return SUCCESS

    def _file(
        self,
        ds: Dataset,
        key: PatientKey,
        study: HeldStudy | None,
        content: bytes,
        calling: str,
    ) -> None:
        if study is not None and self._faults.advance_status_on_store:
            study.status = RECEIVE_STUDY_AS
        self._room.file(
            Filing(
                patient=key,
                study=study,
                document_type=document_type_in(ds) or "CLINICAL",
                title=str(ds.get("DocumentTitle", "")),
                content=content,
                source="accord" if calling.strip().upper() == "ACCORD" else "person",
                sop_uid=_uid(ds, "SOPInstanceUID"),
                series_uid=_uid(ds, "SeriesInstanceUID"),
                at=self._content_time(ds),
            )
        )

    def _study(self, ds: Dataset, key: PatientKey) -> HeldStudy | None:
        """Find or make the object's study; at patient level, one that only carries documents."""
        uid, accession = _uid(ds, "StudyInstanceUID"), str(ds.get("AccessionNumber", ""))
        of_patient = level_in(ds) == PATIENT_LEVEL
        held = self._archive.studies.get(uid) or self._archive.study_by(accession=accession)
        if held is not None and held.documents_only == of_patient:
            return held
        if of_patient and not uid:
            return None
        made = HeldStudy(
            uid=uid or self._archive.new_uid(),
            patient=key,
            accession="" if of_patient else accession,
            placer_order="",
            modality=str(ds.get("Modality", "")),
            description=str(ds.get("StudyDescription", "")),
            start=self._room.now(),
            status=RECEIVE_STUDY_AS,
            documents_only=of_patient,
        )
        self._archive.put_study(made)
        return made

    def _content_time(self, ds: Dataset) -> datetime | None:
        text = f"{ds.get('ContentDate', '')}{str(ds.get('ContentTime', ''))[:6]}"
        try:
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=self._zone)
        except ValueError:
            return None


def _uid(ds: Dataset, keyword: str) -> str:
    """Give a UID, or '' for what is none."""
    text = str(ds.get(keyword, ""))
    return text if is_uid(text) else ""


def _patient(ds: Dataset, key: PatientKey) -> HeldPatient:
    name = ds.get("PatientName")
    return HeldPatient(
        number=key[1],
        issuer=key[0],
        family=str(name.family_name) if name else "",
        given=str(name.given_name) if name else "",
        sex=str(ds.get("PatientSex", "")),
    )
