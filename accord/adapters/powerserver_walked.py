"""One PowerServer under acceptance: every route is open, whatever its file says of them so far."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

from accord.adapters.dicom_documents import DicomDocuments
from accord.adapters.dicom_filing import DicomFiling
from accord.adapters.dicom_partial import CutShort
from accord.adapters.dicom_patient import PatientStudies, PatientStudy
from accord.adapters.dicom_port import DicomWriter
from accord.adapters.errors import Phase, Unavailable
from accord.adapters.powerserver import PowerServerClient, ReadOnlyPowerServer
from accord.domain.documents import Answer, DocumentOrder, DocumentSeen
from accord.domain.identifiers import AccessionNumber, EffectKey
from accord.domain.people import PatientId
from accord.domain.wires import DocumentRoute, PowerServerWire

BeforeSend = Callable[[], Awaitable[None]]


class WalkedPowerServer(PowerServerClient):
    """
    A PowerServer whose capabilities are being found out: it tries what nobody has accepted yet.

    Args: as `PowerServerClient`.
    """

    def __init__(
        self, wire: PowerServerWire, *, tls: ssl.SSLContext | None = None, read_only: bool
    ) -> None:
        hl7 = wire.hl7.model_copy(update={"accepts": frozenset({"T02", "T10", "T11"})})
        walked = wire.model_copy(update={"hl7": hl7, "document_route": DocumentRoute.MDM})
        super().__init__(walked, tls=tls, read_only=read_only)
        if self._station is None:
            raise Unavailable(
                "no `dicom` wire is set for this PowerServer: nothing could be read back, so that "
                "nothing may be written",
                Phase.CONNECT,
            )
        self._studies = PatientStudies(self._station, self._zone)
        self._documents = DicomDocuments(self._station, self._zone)
        filing = DicomFiling(self._station, self._documents, self._zone, wire.filing)
        self._filing = DicomWriter(filing)

    async def send(
        self, message: bytes, patient: PatientId, *, key: EffectKey, before_send: BeforeSend
    ) -> Answer:
        """
        Send a message about a patient, once, on the patient's link.

        Raises:
            PeerError: see `accord.adapters.errors`.
            ReadOnlyPowerServer: this client was lent for reading.
        """
        if self._read_only:
            raise ReadOnlyPowerServer("a message was to be sent through a read-only client")
        link = self._links[self.link_of(patient)]
        return await link.send(message, control_id=key, before_send=before_send)

    async def store(self, order: DocumentOrder, before_send: BeforeSend) -> Answer:
        """
        File a document by C-STORE, once; raises as `DicomFiling.store_document`.

        Raises:
            ReadOnlyPowerServer: this client was lent for reading.
        """
        if self._read_only:
            raise ReadOnlyPowerServer("a document was to be stored through a read-only client")
        return await self._filing.file(order, (b"", b""), before_send)

    async def studies_of(self, patient: PatientId) -> tuple[PatientStudy, ...]:
        """List a patient's studies; raises PeerError where they cannot be listed whole."""
        return await asyncio.to_thread(self._studies.of, patient)

    async def all_documents_of(self, patient: PatientId) -> Sequence[DocumentSeen]:
        """
        List a patient's documents, of all studies and at patient level.

        Raises:
            CutShort: the list is not complete, so absence from it would prove nothing.
            PeerError: the peer could not be asked.
        """
        found = await asyncio.to_thread(self._documents.documents_of, patient)
        if not found.complete:
            raise CutShort(
                "the station's results are cut short at its limit (dicom.find_limit): raise it",
                Phase.VERIFY,
            )
        return found.documents

    async def studies_numbered(self, accession: AccessionNumber) -> tuple[PatientStudy, ...]:
        """List the studies of an accession number, whoever's they are; raises as `studies_of`."""
        return await asyncio.to_thread(self._studies.numbered, accession)
