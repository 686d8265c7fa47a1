from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from accord.domain.documents import Answer, DocumentOrder, DocumentSeen
from accord.domain.identifiers import AccessionNumber, Uid
from accord.domain.people import PatientId

BeforeSend = Callable[[], Awaitable[None]]
"""Awaited after the connection stands and before the first byte leaves."""


class DocumentWriter(Protocol):
    """Whoever can file a document at a peer."""

    def link_of(self, patient: PatientId) -> int:
        """Tell on which link this patient's documents travel: always the same."""

    def wrap(self, order: DocumentOrder) -> tuple[bytes, bytes]:
        """Build what surrounds the document on the wire: bytes before and after it."""

    async def file(
        self, order: DocumentOrder, wrapping: tuple[bytes, bytes], before_send: BeforeSend
    ) -> Answer:
        """File one document, once; see `accord.adapters.errors` for what may go wrong."""


class DocumentReader(Protocol):
    """
    Whoever can see what documents a peer holds, by another way than the one that writes.

    What concerns one patient only is raised as one of `accord.adapters.dicom_partial`; any other
    PeerError means that the peer could not be asked.
    """

    async def documents_of(
        self, patient: PatientId, accession: AccessionNumber | None
    ) -> Sequence[DocumentSeen]:
        """List a patient's documents: those of one study, or at patient level if None."""

    async def contents(self, seen: Sequence[DocumentSeen]) -> Mapping[Uid, bytes]:
        """Fetch documents' bytes by SOP Instance UID; what could not be fetched is left out."""

    async def sees(self, study: Uid, series: Uid, sop: Uid) -> bool:
        """Say whether an object known to be there is found: is the way of reading alive?"""
