"""
A DICOM station as seen by its client: C-ECHO, C-FIND, C-GET or C-MOVE, C-STORE.

A read changes nothing at the peer, so a read that fails is `Unavailable` and may simply be
asked again; only a C-STORE can be `Uncertain`. Nothing here knows what a document is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from accord.adapters.dicom_association import MODELS, Line, LineLost, Service
from accord.adapters.dicom_objects import ObjectRef, Retrieved
from accord.adapters.dicom_partial import OddObject
from accord.adapters.dicom_pool import AssociationPool
from accord.adapters.dicom_quiet import quiet
from accord.adapters.dicom_retrieval import Retrieval
from accord.adapters.dicom_status import (
    DUPLICATE,
    PENDING,
    SUCCESS,
    code_of,
    failure_of,
    is_out_of_resources,
    is_warning,
)
from accord.adapters.errors import Phase, Unavailable, Uncertain
from accord.domain.documents import Answer, AnswerKind
from accord.domain.wires import DicomWire

SLOWEST_BYTES_PER_S = 125_000  # 1 Mbit/s: a document's upload counts into its deadline


class ReadOnly(Exception):
    """A C-STORE was asked of a station that was opened for reading only."""


class Level(StrEnum):
    """Query/Retrieve level of the Study Root model; queries are hierarchical."""

    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True, repr=False)
class FindResult:
    """Rows of one C-FIND. `truncated`: the station may hold more than it said."""

    rows: tuple[Dataset, ...]
    truncated: bool


class DicomStation:
    """
    One station, thread-safe; associations are kept and reused until `close`.

    Args:
        wire: where the station is and how it answers.
        read_only: refuse every C-STORE.
        move_host: address of our own storage port, where `wire.retrieve` is `move`.
        per_service: associations at a time for each kind of request.
    """

    def __init__(
        self,
        wire: DicomWire,
        *,
        read_only: bool = False,
        move_host: str = "127.0.0.1",
        per_service: int = 2,
    ) -> None:
        quiet()
        self._wire, self._read_only = wire, read_only
        self._pool = AssociationPool(lambda service: Line(wire, service), per_service=per_service)
        self._retrieval = Retrieval(wire, self._pool, move_host)

    def echo(self) -> None:
        """
        Ask for a sign of life.

        Raises:
            PeerError: there is none; the text says what to change.
        """
        status = self._pool.read(Service.QUERY, _echoed)
        if status != SUCCESS:
            raise failure_of(status, "C-ECHO")

    def find(self, level: Level, keys: Dataset) -> FindResult:
        """
        Ask for what matches `keys` at one level of the Study Root model.

        Raises:
            PeerError: no whole result; a partial one is never returned as whole.

        Source: DICOM PS3.4 C.4.1
        """
        query = Dataset()
        query.QueryRetrieveLevel = level.value
        query.update(keys)
        return self._pool.read(Service.QUERY, lambda line: self._found(line, query))

    def worklist(self, keys: Dataset) -> FindResult:
        """
        Ask the modality worklist.

        Raises:
            PeerError: no whole result. A station that manages several issuers refuses the
                association of one it does not know.

        Source: DICOM PS3.4 K; docs/sources.md#dicom-mwl
        """
        return self._pool.read(Service.WORKLIST, lambda line: self._found(line, keys))

    def retrieve(self, wanted: list[ObjectRef]) -> Retrieved:
        """
        Fetch objects by C-GET or C-MOVE, several on one association.

        What did not come at first is asked for once more, alone. What is missing then is
        named in the result; objects that were never asked for are dropped.

        Raises:
            NotHandedOut: it could send none of them.
            OddObject: two different objects under one SOP Instance UID.
            PeerError: the station refused, or broke off twice.
        """
        return self._retrieval.fetch(wanted)

    def store(self, dataset: Dataset, *, before_send: Callable[[], None] = lambda: None) -> Answer:
        """
        Send one Encapsulated PDF.

        `before_send` is called once, when the association stands and is proven alive and
        before the first byte of the C-STORE leaves; what it raises is passed on, unsent.

        Raises:
            ReadOnly: this station was opened for reading only.
            Unavailable: nothing was sent, or the station is out of resources.
            Uncertain: bytes left, and no answer came.
            Rejected: the station refused the object or the association.

        Source: DICOM PS3.4 B.2
        """
        if self._read_only:
            raise ReadOnly("this station is opened for reading only: no C-STORE")
        with self._proven_line() as line:
            return _stored(line, dataset, before_send)

    def close(self) -> None:
        """Release every association and our own storage port."""
        self._pool.close()
        self._retrieval.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _found(self, line: Line, query: Dataset) -> FindResult:
        rows: list[Dataset] = []
        with line.request() as association:
            for status, row in association.send_c_find(query, MODELS[line.service]):
                code = line.answered(status)
                if code not in PENDING:
                    return FindResult(tuple(rows), self._cut_short(code, rows))
                if row is None:
                    raise OddObject("a row of the C-FIND cannot be decoded", Phase.PROCESS)
                rows.append(row)
        raise LineLost

    def _cut_short(self, code: int, rows: list[Dataset]) -> bool:
        if code == SUCCESS:
            return len(rows) >= self._wire.find_limit
        if is_warning(code) or (rows and is_out_of_resources(code)):
            return True
        raise failure_of(code, "C-FIND")

    @contextmanager
    def _proven_line(self) -> Iterator[Line]:
        with self._pool.lend(Service.STORE) as line:
            if not line.used or _is_alive(line):
                yield line
                return
        with self._pool.lend(Service.STORE, fresh=True) as line:
            yield line


def _echoed(line: Line) -> int:
    with line.request() as association:
        return line.answered(association.send_c_echo())


def _is_alive(line: Line) -> bool:
    try:
        return line.offers(Verification) and _echoed(line) == SUCCESS
    except (LineLost, Unavailable):
        return False


def _stored(line: Line, dataset: Dataset, before_send: Callable[[], None]) -> Answer:
    size = _encoded_size(dataset)
    before_send()
    tried = line.socket.bytes_tried
    try:
        with line.request(longer_s=size / SLOWEST_BYTES_PER_S) as association:
            code = line.answered(association.send_c_store(dataset))
    except (LineLost, Unavailable) as error:
        if line.socket.bytes_tried == tried:
            raise Unavailable("the association ended; nothing was sent", Phase.SEND) from error
        raise Uncertain(
            "the document left, and the station gave no answer", Phase.PROCESS
        ) from error
    if code in (SUCCESS, DUPLICATE) or is_warning(code):
        return Answer(
            kind=AnswerKind.LANDED, code=code_of(code), peer_id=str(dataset.SOPInstanceUID)
        )
    raise failure_of(code, "C-STORE")


def _encoded_size(dataset: Dataset) -> int:
    """Encode once before anything is promised, so that what cannot leave is never `sent`."""
    encoded = encode(dataset, is_implicit_vr=False, is_little_endian=True)
    if encoded is None:
        raise ValueError("the data set cannot be encoded")
    return len(encoded)
