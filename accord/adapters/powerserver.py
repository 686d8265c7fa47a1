"""One PowerServer in the domain's words: it files documents and shows them."""

import asyncio
import base64
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from accord.adapters.dicom import DicomStation, Level
from accord.adapters.dicom_documents import AmbiguousStudy, DicomDocuments
from accord.adapters.dicom_filing import (
    CannotWithdraw,
    DicomFiling,
    NoSuchStudy,
    PatientLevelUndecided,
)
from accord.adapters.dicom_limits import UnfitForDicom
from accord.adapters.dicom_port import DicomReader, DicomWriter
from accord.adapters.dicom_traits import StudyTraits, study_traits
from accord.adapters.errors import Phase, Unavailable
from accord.adapters.hl7_errors import Hl7Error
from accord.adapters.mdm import NotAccepted, wrap
from accord.adapters.mllp_client import MllpLink
from accord.domain.documents import Answer, DocumentOrder, DocumentSeen
from accord.domain.effects import Intent
from accord.domain.identifiers import AccessionNumber, Uid
from accord.domain.people import PatientId
from accord.domain.wires import DocumentRoute, PowerServerWire

ASSOCIATIONS = 4
"""At a time for each kind of request; as many places are looked at side by side."""

_NO_DICOM = "no `dicom` wire is set for this PowerServer"
_UNSENDABLE = (
    AmbiguousStudy,
    CannotWithdraw,
    Hl7Error,
    NoSuchStudy,
    NotAccepted,
    PatientLevelUndecided,
    UnfitForDicom,
)


class Unsendable(Exception):
    """
    This document cannot go to this PowerServer as it is: a person decides. Nothing was sent.

    Args:
        code: short and closed, such as `does-not-fit`; never a value.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReadOnlyPowerServer(Exception):
    """Read-only mode stopped a write before a connection was made. Nothing was sent."""


class PowerServerClient:
    """
    One PowerServer: documents go in by MDM (or C-STORE where the site accepted that), and are
    seen by C-FIND and C-GET: another way than the one that wrote them.

    Used as an asynchronous context manager; connections are made when they are needed, and kept.

    Args:
        wire: its HL7 and DICOM sides.
        tls: for the HL7 side, where it speaks TLS.
        read_only: refuse to write, before any connection.
    """

    def __init__(
        self, wire: PowerServerWire, *, tls: ssl.SSLContext | None = None, read_only: bool
    ) -> None:
        self._wire, self._read_only = wire, read_only
        self._zone = ZoneInfo(wire.time_zone)
        self._links = [MllpLink(wire.hl7, tls) for _ in range(wire.hl7.links)]
        self._station = (
            DicomStation(wire.dicom, read_only=read_only, per_service=ASSOCIATIONS)
            if wire.dicom
            else None
        )
        self._reader: DicomReader | None = None
        self._store: DicomWriter | None = None
        if self._station is not None:
            documents = DicomDocuments(self._station, self._zone)
            self._reader = DicomReader(documents)
            if wire.document_route is DocumentRoute.C_STORE:
                filing = DicomFiling(self._station, documents, self._zone, wire.filing)
                self._store = DicomWriter(filing, links=wire.hl7.links)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for link in self._links:
            await link.close()
        if self._station is not None:
            self._station.close()

    # -- filing --------------------------------------------------------------------------------

    def link_of(self, patient: PatientId) -> int:
        """Tell on which link this patient's documents travel: always the same."""
        return zlib.crc32(f"{patient.number}\x1f{patient.issuer}".encode()) % len(self._links)

    def wrap(self, order: DocumentOrder) -> tuple[bytes, bytes]:
        """
        Build what surrounds the document on the wire: bytes before and after it.

        Raises:
            Unsendable: a field cannot carry a text, the site does not take the event, or there
                is nothing to file.
        """
        if order.intent is not Intent.WITHDRAW_DOCUMENT and not order.content:
            raise Unsendable("empty-document")
        if self._store is not None:
            return b"", b""
        try:
            return wrap(order, self._wire.hl7, self._zone)
        except _UNSENDABLE as refusal:
            raise Unsendable(_code(refusal)) from None

    async def file(
        self,
        order: DocumentOrder,
        wrapping: tuple[bytes, bytes],
        before_send: Callable[[], Awaitable[None]],
    ) -> Answer:
        """
        File one document, once.

        Raises:
            PeerError: see `accord.adapters.errors`.
            Unsendable: it cannot go as it is; nothing was sent.
            ReadOnlyPowerServer: this client was lent for reading.
        """
        if self._read_only:
            raise ReadOnlyPowerServer("a document was to be filed through a read-only client")
        if self._store is not None:
            try:
                return await self._store.file(order, wrapping, before_send)
            except _UNSENDABLE as refusal:
                raise Unsendable(_code(refusal)) from None
        head, tail = wrapping
        message = head + base64.b64encode(order.content) + tail if tail else head
        link = self._links[self.link_of(order.patient.id)]
        return await link.send(message, control_id=order.key, before_send=before_send)

    # -- seeing --------------------------------------------------------------------------------

    async def documents_of(
        self, patient: PatientId, accession: AccessionNumber | None
    ) -> Sequence[DocumentSeen]:
        """List a patient's documents; raises PeerError where they cannot be listed whole."""
        return await self._reading().documents_of(patient, accession)

    async def contents(self, seen: Sequence[DocumentSeen]) -> Mapping[Uid, bytes]:
        """Fetch documents' bytes by SOP Instance UID; what could not be fetched is left out."""
        return await self._reading().contents(seen)

    async def sees(self, study: Uid, series: Uid, sop: Uid) -> bool:
        """Say whether an object known to be there is found."""
        return await self._reading().sees(study, series, sop)

    async def study_traits(self, first: date, last: date) -> StudyTraits:
        """
        Tell what the studies of days `first` to `last` have in common; no patient is told.

        Raises:
            PeerError: it was not shown.
        """
        if self._station is None:
            raise Unavailable(_NO_DICOM, Phase.CONNECT)
        find = partial(self._station.find, Level.STUDY)
        return await asyncio.to_thread(study_traits, find, first, last)

    @property
    def can_be_read(self) -> bool:
        """Whether this site has a DICOM side to read from."""
        return self._reader is not None

    def _reading(self) -> DicomReader:
        if self._reader is None:
            raise Unavailable(_NO_DICOM, Phase.CONNECT)
        return self._reader


def _code(refusal: Exception) -> str:
    name = type(refusal).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
