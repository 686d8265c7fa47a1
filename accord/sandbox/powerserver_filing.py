"""How PowerServer files a document, whichever door it came through."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_records import FiledDocument, HeldStudy, PatientKey, sha256_of

DOCUMENTS, PATIENT_DOCUMENTS, REPORTS = "Documents", "Patient Documents", "Reports"


@dataclass(frozen=True)
class PowerServerSettings:
    """
    What differs between sites, with the defaults of Mirth 4.4.2 and PowerServer 6.0.

    Source: docs/sources.md#ps-hl7, docs/sources.md#ps-dicom; where nothing is published, assumed.
    """

    zone: str = "America/Sao_Paulo"
    """The server's zone; its times carry no offset."""
    ae_title: str = "RAMSOFT"
    accepts: frozenset[str] = frozenset({"T02", "T10", "T11"})
    """MDM events taken; others are answered AE."""
    enhanced: bool = False
    """Answers CA, then the application's answer, where MSH-15 or MSH-16 ask for it."""
    recognises_repeats: bool = False
    """Answers a repeated MSH-10 as before and files nothing."""
    creates_unknown_patients: bool = False
    takes_schedule: bool = False
    """Takes SIU from others than its own scheduler; else it is answered AR."""
    order_statuses: Mapping[str, str] = field(default_factory=dict)
    """What ORC-5 of a status change (ORC-1 SC) makes of a study; nothing is published."""
    visible_after_s: float = 0.0
    """From filing until DICOM shows the document."""
    find_limit: int = 100
    """Rows a C-FIND may return; more are left out without a word."""
    issuer_when_blank: str = ""
    """What the station's Receive tab fills into a blank (0010,0021)."""
    character_set_when_absent: str = "utf-8"
    """Python codec for messages whose MSH-18 is empty."""
    stations: frozenset[str] = frozenset()
    """Calling AE titles in the station list; empty takes anybody."""
    move_destinations: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where C-MOVE may send: AE title -> host and port."""
    most_connections: int = 10


@dataclass(frozen=True)
class Filing:
    """What somebody asks PowerServer to file."""

    patient: PatientKey
    study: HeldStudy | None
    """None: at patient level."""
    document_type: str
    title: str
    content: bytes = field(repr=False)
    source: str = "person"
    unique_number: str = ""
    parent_number: str = ""
    control_id: str = ""
    sop_uid: str = ""
    """A caller's own SOP Instance UID; '' lets PowerServer make one."""
    series_uid: str = ""
    at: datetime | None = None
    """Aware; what the document says of its own time, where not now."""


class FilingRoom:
    """Files documents into the archive, with the faults that strike here."""

    def __init__(
        self,
        archive: Archive,
        faults: PowerServerFaults,
        settings: PowerServerSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._archive, self._faults, self._settings, self._clock = archive, faults, settings, clock
        self._zone = ZoneInfo(settings.zone)

    def now(self) -> datetime:
        """Give the time on the server's wall."""
        return self._clock().astimezone(self._zone)

    def file(self, filing: Filing) -> FiledDocument | None:
        """File a document; None where the fault dropped it without a word."""
        if self._faults.strikes("drop_document_silently"):
            return None
        if self._faults.strikes("file_twice"):
            self._file_once(filing)
        return self._file_once(filing)

    def strikes(self, fault: str) -> bool:
        """Tell whether a fault strikes on this occasion."""
        return self._faults.strikes(fault)

    def _disturb(self, study: HeldStudy) -> None:
        """Do to the studies what a filed document should not."""
        if self._faults.advance_status_on_filing and not study.documents_only:
            study.status = "COMPLETED"
        if self._faults.strikes("phantom_study_on_filing"):
            self._archive.put_study(
                HeldStudy(
                    uid=self._archive.new_uid(),
                    patient=study.patient,
                    accession="",
                    placer_order="",
                    modality="OT",
                    description="",
                    start=self.now(),
                    status="COMPLETED",
                )
            )

    def _file_once(self, filing: Filing) -> FiledDocument:
        now, archive, faults = self.now(), self._archive, self._faults
        altered, retyped = faults.strikes("alter_bytes"), faults.strikes("retype")
        content = rewritten(filing.content) if altered else filing.content
        shown_after = self._settings.visible_after_s + faults.hide_documents_for_s
        with archive.lock:
            study = filing.study or archive.documents_study(filing.patient, now)
            issuer, number = filing.patient
            document = FiledDocument(
                section=_section(filing),
                document_type=faults.retype_to if retyped else filing.document_type,
                title=filing.title,
                patient_number=number,
                issuer=issuer,
                accession=study.accession,
                study_uid=study.uid,
                series_uid=filing.series_uid or self._series_of(study),
                sop_uid=self._sop_uid(filing),
                sha256=sha256_of(content),
                source=filing.source,
                content_at=(filing.at or now).astimezone(self._zone),
                filed_at=now,
                visible_at=now + timedelta(seconds=shown_after),
                content=content,
                unique_number=filing.unique_number,
                parent_number=filing.parent_number,
                control_id=filing.control_id,
            )
            archive.put_document(document)
            self._disturb(study)
        return document

    def _series_of(self, study: HeldStudy) -> str:
        """Give the study's DOC series; the first document makes it."""
        for document in self._archive.documents_of(study.uid):
            return document.series_uid
        return self._archive.new_uid()

    def _sop_uid(self, filing: Filing) -> str:
        if filing.sop_uid and self._archive.document_by_sop(filing.sop_uid) is None:
            return filing.sop_uid
        return self._archive.new_uid()


def _section(filing: Filing) -> str:
    if filing.document_type.upper() == "DI":
        return REPORTS  # what HL7 calls diagnostic imaging becomes a report
    if filing.study is None or filing.study.documents_only:
        return PATIENT_DOCUMENTS
    return DOCUMENTS


def rewritten(content: bytes) -> bytes:
    """Write a PDF anew: the same pages in other bytes; what is no PDF gets one more byte."""
    try:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
        writer.add_metadata({"/Producer": "PowerServer (sandbox)"})
        out = io.BytesIO()
        writer.write(out)
    except (PyPdfError, ValueError, KeyError, TypeError):
        return content + b"\n"
    return out.getvalue()
