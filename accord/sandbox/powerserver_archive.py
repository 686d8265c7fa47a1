"""What PowerServer holds: patients, studies and documents, found by index, never by scan."""

import random
import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from accord.sandbox.powerserver_records import (
    PATIENT_DOCUMENTS,
    FiledDocument,
    HeldPatient,
    HeldStudy,
    PatientKey,
    Unknown,
)


class Archive:
    """The holdings of one PowerServer, safe to use from several threads; hold `lock` to combine."""

    def __init__(self, *, seed: int = 0) -> None:
        self.lock = threading.RLock()
        self.patients: dict[PatientKey, HeldPatient] = {}
        self.studies: dict[str, HeldStudy] = {}
        self.documents: list[FiledDocument] = []
        self._random = random.Random(seed)
        self._by_accession: dict[str, str] = {}
        self._by_placer: dict[str, str] = {}
        self._by_patient: dict[PatientKey, list[str]] = defaultdict(list)
        self._by_number: dict[str, list[PatientKey]] = defaultdict(list)
        self._by_day: dict[date, list[str]] = defaultdict(list)
        self._documents_of: dict[str, list[FiledDocument]] = defaultdict(list)
        self._by_sop: dict[str, FiledDocument] = {}
        self._by_unique: dict[str, list[FiledDocument]] = defaultdict(list)

    def new_uid(self) -> str:
        """Make a UID of PowerServer's own, by the seed (2.25 and 128 bits)."""
        with self.lock:
            return f"2.25.{self._random.getrandbits(127) | (1 << 126)}"

    def put_patient(self, patient: HeldPatient) -> None:
        """Add a patient, or put them in the place of who has this number and issuer."""
        with self.lock:
            if patient.key not in self.patients:
                self._by_number[patient.number].append(patient.key)
            self.patients[patient.key] = patient

    def put_study(self, study: HeldStudy) -> None:
        """Add a study, or put it in the place of the one with its UID."""
        with self.lock:
            if study.uid in self.studies:
                self._forget_study(self.studies[study.uid])
            self.studies[study.uid] = study
            self._by_patient[study.patient].append(study.uid)
            self._by_day[study.start.date()].append(study.uid)
            if study.accession:
                self._by_accession[study.accession] = study.uid
            if study.placer_order:
                self._by_placer[study.placer_order] = study.uid

    def _forget_study(self, study: HeldStudy) -> None:
        self._by_patient[study.patient].remove(study.uid)
        self._by_day[study.start.date()].remove(study.uid)
        if self._by_accession.get(study.accession) == study.uid:
            del self._by_accession[study.accession]
        if self._by_placer.get(study.placer_order) == study.uid:
            del self._by_placer[study.placer_order]

    def study_by(self, *, accession: str = "", placer_order: str = "") -> HeldStudy | None:
        """Find a study by its accession number, or else by its placer order number."""
        with self.lock:
            uid = (
                self._by_accession.get(accession)
                if accession
                else self._by_placer.get(placer_order)
            )
            return self.studies[uid] if uid else None

    def studies_of_number(self, number: str) -> list[HeldStudy]:
        """List the studies of everyone who has this patient number, whoever issued it."""
        with self.lock:
            keys = self._by_number.get(number, [])
            return [self.studies[uid] for key in keys for uid in self._by_patient[key]]

    def studies_of(self, key: PatientKey) -> list[HeldStudy]:
        """List one patient's studies."""
        with self.lock:
            return [self.studies[uid] for uid in self._by_patient.get(key, [])]

    def studies_on(self, days: Iterable[date]) -> list[HeldStudy]:
        """List the studies that start on these days, in the server's zone."""
        with self.lock:
            return [self.studies[uid] for day in days for uid in self._by_day.get(day, [])]

    def documents_study(self, key: PatientKey, now: datetime) -> HeldStudy:
        """Give the study that carries a patient's own documents; make it where there is none."""
        with self.lock:
            for study in self.studies_of(key):
                if study.documents_only:
                    return study
            study = HeldStudy(
                uid=self.new_uid(),
                patient=key,
                accession="",
                placer_order="",
                modality="DOC",
                description=PATIENT_DOCUMENTS,
                start=now,
                status="COMPLETED",
                documents_only=True,
            )
            self.put_study(study)
            return study

    def put_document(self, document: FiledDocument) -> None:
        """Add a document; its number is set here."""
        with self.lock:
            self.documents.append(document)
            document.number = len(self.documents)
            self._documents_of[document.study_uid].append(document)
            self._by_sop[document.sop_uid] = document
            if document.unique_number:
                self._by_unique[document.unique_number].append(document)

    def documents_of(self, study_uid: str) -> list[FiledDocument]:
        """List a study's documents, also replaced and withdrawn ones."""
        with self.lock:
            return list(self._documents_of.get(study_uid, ()))

    def documents_numbered(self, unique_number: str) -> list[FiledDocument]:
        """List the documents filed under one TXA-12."""
        with self.lock:
            return list(self._by_unique.get(unique_number, ()))

    def document_by_sop(self, sop_uid: str) -> FiledDocument | None:
        """Find a document by its SOP Instance UID."""
        return self._by_sop.get(sop_uid)

    def merge(self, gone: PatientKey, kept: PatientKey) -> None:
        """
        Move everything of patient `gone` to patient `kept` (ADT^A40).

        Raises:
            Unknown: nobody is held under one of the two keys.
        """
        with self.lock:
            if gone not in self.patients or kept not in self.patients:
                raise Unknown("patient")
            for study in self.studies_of(gone):
                self._by_patient[gone].remove(study.uid)
                study.patient = kept
                self._by_patient[kept].append(study.uid)
                for document in self._documents_of[study.uid]:
                    document.issuer, document.patient_number = kept
            self._by_number[gone[1]].remove(gone)
            del self.patients[gone]
