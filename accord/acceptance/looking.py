"""One look at a PowerServer during a walk: the patient's studies, their documents."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from accord.acceptance.walk import Walk
from accord.adapters.dicom_partial import NotHandedOut
from accord.adapters.dicom_patient import PatientStudy
from accord.adapters.dicom_traits import StudyTraits
from accord.delivery.ports import BeforeSend, DocumentReader, DocumentWriter
from accord.domain.documents import Answer, DocumentOrder, DocumentSeen
from accord.domain.identifiers import AccessionNumber, EffectKey, Uid
from accord.domain.people import PatientId

AROUND = timedelta(days=14)
"""Days before and after, of which any study proves that the station shows studies."""

Sleep = Callable[[float], Awaitable[None]]


class WalkedPeer(DocumentReader, DocumentWriter, Protocol):
    """A PowerServer under acceptance."""

    async def send(
        self, message: bytes, patient: PatientId, *, key: EffectKey, before_send: BeforeSend
    ) -> Answer:
        """Send a message about a patient, once."""

    async def store(self, order: DocumentOrder, before_send: BeforeSend) -> Answer:
        """File a document by C-STORE, once."""

    async def studies_of(self, patient: PatientId) -> Sequence[PatientStudy]:
        """List a patient's studies, whole."""

    async def all_documents_of(self, patient: PatientId) -> Sequence[DocumentSeen]:
        """List a patient's documents, of all studies and at patient level, whole."""

    async def studies_numbered(self, accession: AccessionNumber) -> Sequence[PatientStudy]:
        """List the studies of an accession number, whoever's they are."""

    async def study_traits(self, first: date, last: date) -> StudyTraits:
        """Tell what the studies of some days have in common; no patient is told."""


class NotOurs(Exception):
    """PowerServer has somebody else under the synthetic patient's number: nothing is written."""

    def __init__(self, powerserver: str, what: str) -> None:
        super().__init__(powerserver, what)
        self.powerserver, self.what = powerserver, what

    def __str__(self) -> str:
        return (
            f"PowerServer {self.powerserver} has the synthetic patient's {self.what} under another "
            "name, or without one: nothing more is written. Set a number that nobody has "
            "(`site.acceptance.number`)"
        )


@dataclass(frozen=True, repr=False)
class Scene:
    """What PowerServer shows of the synthetic patient at one moment."""

    studies: tuple[PatientStudy, ...]
    study: PatientStudy | None
    """The one that was ordered."""
    documents: tuple[DocumentSeen, ...]

    @property
    def accession(self) -> AccessionNumber | None:
        """The ordered study's number, which may be of PowerServer's own making."""
        return self.study.state.accession if self.study else None

    @property
    def status(self) -> str:
        """The ordered study's status; '' where there is none, or it is not said."""
        return self.study.state.status if self.study else ""

    @property
    def exams(self) -> int:
        """How many of the patient's studies stand for more than documents."""
        return sum(not each.only_carries_documents for each in self.studies)

    @property
    def carriers(self) -> int:
        """How many studies are there for documents' sake."""
        return len(self.studies) - self.exams

    def shows(self, sop: object) -> bool:
        """Say whether a document is there, by its SOP Instance UID."""
        return any(each.sop_uid == sop for each in self.documents)


async def look(peer: WalkedPeer, walk: Walk, *, documents: bool = True) -> Scene:
    """
    Look once; without `documents` at the studies alone.

    Raises:
        NotOurs: a study of this number has another patient's name.
        PeerError: it could not be looked whole; nothing may be concluded from that.
    """
    patient = walk.patient.id
    studies = tuple(await peer.studies_of(patient))
    if any(not _is_ours(each, walk) for each in studies):
        raise NotOurs(walk.powerserver, "number")
    ordered = [s for s in studies if _is_the_ordered(s, walk)]
    shown = await peer.all_documents_of(patient) if documents and studies else ()
    return Scene(
        studies=studies,
        study=ordered[0] if ordered else None,
        documents=tuple({each.sop_uid: each for each in shown}.values()),
    )


async def require_nobody_else(peer: WalkedPeer, walk: Walk) -> None:
    """
    See that number and accession number are nobody else's, before anything is written.

    A patient who has no study is not shown over DICOM, so that this guard is as good as the
    number is unlikely.

    Raises:
        NotOurs: they are.
        PeerError: it could not be looked.
    """
    await look(peer, walk, documents=False)
    numbered = await peer.studies_numbered(walk.accession)
    if any(not _is_ours(each, walk) or each.state.patient != walk.patient.id for each in numbered):
        raise NotOurs(walk.powerserver, "accession number")


async def reads_well(peer: WalkedPeer, walk: Walk, scene: Scene, but: object = None) -> bool:
    """
    Say whether the way of reading finds anything that is known to be there.

    Absence proves nothing over a way that shows nothing. `but`: a document that is looked for.
    """
    if scene.studies or any(each.sop_uid != but for each in scene.documents):
        return True
    for known in walk.desk.ledger.beacons(walk.desk.slug, walk.powerserver):
        if await peer.sees(known.study_uid, known.series_uid, known.sop_uid):
            return True
    today = walk.desk.now().date()
    return (await peer.study_traits(today - AROUND, today + AROUND)).studies > 0


async def contents(peer: WalkedPeer, scene: Scene, known: frozenset[object]) -> Mapping[Uid, bytes]:
    """Fetch the documents that no step has been seen to be; what cannot be handed out is left."""
    wanted = [each for each in scene.documents if each.sop_uid not in known]
    try:
        return await peer.contents(wanted) if wanted else {}
    except NotHandedOut:
        return {}


def _is_the_ordered(study: PatientStudy, walk: Walk) -> bool:
    return study.state.accession == walk.accession or study.state.study_uid == walk.study_uid


def _is_ours(study: PatientStudy, walk: Walk) -> bool:
    """Say whether a study's patient is called as ours is; PowerServer may upper-case and pad."""
    parts = [part.strip().casefold() for part in study.name.split("=")[0].split("^")]
    wanted = [walk.patient.family.casefold(), walk.patient.given.casefold()]
    return [part for part in parts if part] == wanted
