"""PowerServer's DICOM station: C-ECHO, C-FIND, C-GET, C-MOVE, C-STORE and the worklist."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    EncapsulatedPDFStorage,
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_associations import StationServer, opened
from accord.sandbox.powerserver_filing import FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_instances import instance
from accord.sandbox.powerserver_matching import selected
from accord.sandbox.powerserver_queries import IDENTIFIER_DOES_NOT_MATCH, Finder, NotHierarchical
from accord.sandbox.powerserver_storing import StoreRoom

# Formatting every data set for a log nobody reads costs more than the query; and whatever the
# data set, a patient's name does not belong in a log.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False

Outcome = tuple[int, Dataset | None]
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
POLL_S = 0.05
"""How soon the station notices that it is to end."""
LARGE_PDU = 0  # no limit: a document in few pieces


class DicomStation:
    """Serves one archive over DICOM on loopback, in threads of pynetdicom's."""

    def __init__(
        self,
        archive: Archive,
        room: FilingRoom,
        faults: PowerServerFaults,
        settings: PowerServerSettings,
        ending: threading.Event,
    ) -> None:
        self._faults, self._settings, self._ending = faults, settings, ending
        self._archive = archive
        self._finder = Finder(archive, room.now, settings.ae_title)
        self._store = StoreRoom(archive, room, faults, settings)
        entity = self._entity()
        self._server = StationServer(
            entity,
            ("127.0.0.1", 0),
            settings.ae_title,
            entity.supported_contexts,
            evt_handlers=[
                (evt.EVT_C_ECHO, lambda event: SUCCESS),
                (evt.EVT_C_FIND, self._find),
                (evt.EVT_C_GET, self._get),
                (evt.EVT_C_MOVE, self._move),
                (evt.EVT_C_STORE, self._stored),
            ],
        )
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="powerserver-dicom", daemon=True
        )

    def listen(self) -> None:
        """Take associations."""
        self._thread.start()

    def refuse(self, down: bool) -> None:
        """Refuse associations and abort those that are open, or take them again."""
        self._server.is_down = down
        if down:
            self._abort_all()

    def close(self) -> None:
        """End every association and give the port back."""
        self._server.is_down = True
        self._abort_all()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        else:
            self._server.server_close()

    def _abort_all(self) -> None:
        for association in self._server.active_associations:
            with contextlib.suppress(Exception):  # it may be ending by itself at this moment
                association.abort()
            association.join(timeout=2)

    def _entity(self) -> AE:
        entity = AE(ae_title=self._settings.ae_title)
        entity.maximum_associations = 32
        entity.maximum_pdu_size = LARGE_PDU
        entity.network_timeout = entity.dimse_timeout = 600
        entity.require_calling_aet = sorted(self._settings.stations)
        for served in (
            Verification,
            StudyRootQueryRetrieveInformationModelFind,
            StudyRootQueryRetrieveInformationModelGet,
            StudyRootQueryRetrieveInformationModelMove,
            ModalityWorklistInformationFind,
        ):
            entity.add_supported_context(served)
        entity.add_supported_context(EncapsulatedPDFStorage, scu_role=True, scp_role=True)
        entity.add_requested_context(EncapsulatedPDFStorage)
        return entity

    def _find(self, event: evt.Event) -> Iterator[Outcome]:
        self._ending.wait(self._faults.read_back_slow_s)
        identifier = event.identifier
        is_worklist = event.request.AffectedSOPClassUID == ModalityWorklistInformationFind
        try:
            rows = (
                self._finder.worklist(identifier) if is_worklist else self._finder.rows(identifier)
            )
        except NotHierarchical:
            yield IDENTIFIER_DOES_NOT_MATCH, None
            return
        if self._faults.strikes("half_a_result"):
            rows = rows[: len(rows) // 2]
        level = "" if is_worklist else str(identifier.QueryRetrieveLevel)
        for row in rows[: self._settings.find_limit]:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, selected(row, identifier, level, self._settings.ae_title)

    def _get(self, event: evt.Event) -> Iterator[Any]:
        yield from self._retrieved(event)

    def _move(self, event: evt.Event) -> Iterator[Any]:
        where = self._settings.move_destinations.get(str(event.move_destination).strip())
        if where is None:
            yield None, None
            return
        yield (*where, {"evt_handlers": [(evt.EVT_CONN_OPEN, opened)]})
        yield from self._retrieved(event)

    def _retrieved(self, event: evt.Event) -> Iterator[Any]:
        """Give the number of documents, then each of them, or the failure."""
        self._ending.wait(self._faults.read_back_slow_s)
        try:
            documents = self._finder.documents(event.identifier)
        except NotHierarchical:
            yield 1
            yield IDENTIFIER_DOES_NOT_MATCH, None
            return
        yield len(documents)
        for document in documents:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            study = self._archive.studies[document.study_uid]
            yield PENDING, instance(document, self._finder.owner(study), study)

    def _stored(self, event: evt.Event) -> int:
        return self._store.store(event.dataset, calling=str(event.assoc.requestor.ae_title))
