"""The DICOM side as the delivery of documents wants it: awaited, in threads of its own."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

from accord.adapters.dicom_documents import DicomDocuments
from accord.adapters.dicom_filing import DicomFiling
from accord.adapters.dicom_partial import CutShort
from accord.adapters.errors import Phase
from accord.domain.documents import Answer, DocumentOrder, DocumentSeen
from accord.domain.forms import Section
from accord.domain.identifiers import AccessionNumber, Uid
from accord.domain.people import PatientId


class DicomReader:
    """Reads a PowerServer's documents back; what is not whole is no answer."""

    def __init__(self, documents: DicomDocuments) -> None:
        self._documents = documents

    async def documents_of(
        self, patient: PatientId, accession: AccessionNumber | None
    ) -> Sequence[DocumentSeen]:
        """
        List a patient's documents: those of one study, or at patient level if None.

        A document whose level the peer does not tell is listed in both.

        Raises:
            CutShort: the list is not complete, so absence from it would prove nothing.
            OddObject: a row of it cannot be read.
            PeerError: the peer could not be asked.
        """
        found = await asyncio.to_thread(self._documents.documents_of, patient, accession)
        if not found.complete:
            raise CutShort(
                "the station's results are cut short at its limit (dicom.find_limit): raise it",
                Phase.VERIFY,
            )
        if accession is not None:
            return found.documents
        return [seen for seen in found.documents if seen.section is not Section.DOCUMENTS]

    async def contents(self, seen: Sequence[DocumentSeen]) -> Mapping[Uid, bytes]:
        """
        Fetch documents' bytes by SOP Instance UID; what could not be fetched is left out.

        Raises:
            NotHandedOut: the station sent none of them, and says that it cannot.
            OddObject: one of them is not what the list said of it.
            PeerError: the peer could not be asked, or broke its protocol.
        """
        fetched = await asyncio.to_thread(self._documents.fetch_many, seen)
        return {each.seen.sop_uid: each.content for each in fetched.documents}

    async def sees(self, study: Uid, series: Uid, sop: Uid) -> bool:
        """Say whether an object known to be there is found; raises PeerError if none can be."""
        return await asyncio.to_thread(self._documents.sees, study, series, sop)


class DicomWriter:
    """
    Files documents by C-STORE.

    Args:
        filing: the guarded route.
        links: how many documents may be on their way at a time, each patient's one by one.
    """

    def __init__(self, filing: DicomFiling, *, links: int = 1) -> None:
        self._filing, self._links = filing, links

    def link_of(self, patient: PatientId) -> int:
        """Tell on which link this patient's documents travel: always the same."""
        return zlib.crc32(f"{patient.number}\x1f{patient.issuer}".encode()) % self._links

    def wrap(self, _order: DocumentOrder) -> tuple[bytes, bytes]:
        """Nothing surrounds the document: the data set is made once its study is known."""
        return b"", b""

    async def file(
        self,
        order: DocumentOrder,
        _wrapping: tuple[bytes, bytes],
        before_send: Callable[[], Awaitable[None]],
    ) -> Answer:
        """File one document, once; raises as `DicomFiling.store_document`."""
        loop = asyncio.get_running_loop()

        async def announced() -> None:
            await before_send()

        def before() -> None:
            asyncio.run_coroutine_threadsafe(announced(), loop).result()

        return await asyncio.to_thread(self._filing.store_document, order, before)
