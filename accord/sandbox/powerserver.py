"""PowerServer 6.0 as its neighbours meet it, on loopback: HL7 over MLLP, DICOM, web pages."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from starlette.routing import Route

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_channel import Channel
from accord.sandbox.powerserver_dicom import DicomStation
from accord.sandbox.powerserver_filing import Filing, FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_hl7 import Hl7Application
from accord.sandbox.powerserver_loading import Visits, load, visits_of
from accord.sandbox.powerserver_mllp import MllpReceiver
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.powerserver_web import WebPort
from accord.sandbox.world import World


def wall_clock() -> datetime:
    """Give the time now, aware."""
    return datetime.now(UTC)


class PowerServerSim:
    """
    One PowerServer on loopback, in threads of its own, from `with` to the end of its block.

    It knows nothing of Accord: it parses with `hl7` and pydicom and keeps to what the vendor has
    published, so that the two cannot agree by construction. What it does wrong is in `faults`.

    Args:
        world: whom and what it knows from the start; `load` adds more.
        seed: makes its UIDs and the chances of its faults.
        settings: what differs between sites; single ones may be given by name instead.
        clock: gives the time now, aware; the server's wall and the delays follow it.
        more_routes: switches of others that share the web port.
    """

    def __init__(
        self,
        world: World | Visits | Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        settings: PowerServerSettings | None = None,
        clock: Callable[[], datetime] = wall_clock,
        more_routes: Sequence[Route] = (),
        **single: Any,
    ) -> None:
        self.settings = replace(settings or PowerServerSettings(), **single)
        self.faults = PowerServerFaults(seed=seed)
        self.archive = Archive(seed=seed)
        self._ending = threading.Event()
        self._room = FilingRoom(self.archive, self.faults, self.settings, clock)
        self._channel = Channel(
            Hl7Application(self.archive, self._room, self.settings),
            self._room,
            self.faults,
            self.settings,
            self._ending,
        )
        self._mllp = MllpReceiver(
            self._channel.answer,
            is_paused=lambda: self.faults.pause,
            most_connections=self.settings.most_connections,
        )
        self._dicom = DicomStation(
            self.archive, self._room, self.faults, self.settings, self._ending
        )
        self._web = WebPort(self, more_routes)
        self.hl7_port, self.dicom_port = self._mllp.port, self._dicom.port
        self.faults.watch(self._fault_set)
        self.load(world)

    def __enter__(self) -> Self:
        self._mllp.listen()
        self._dicom.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every thread and give the ports back."""
        self._ending.set()
        self._mllp.close()
        self._dicom.close()
        self._web.close()

    def load(self, world: World | Visits | Mapping[str, Any] | None) -> int:
        """
        Add a world's patients and studies; give how many visits there were.

        Raises:
            BadVisit: a visit lacks a field; nothing was loaded.
        """
        return load(self.archive, visits_of(world), ZoneInfo(self.settings.zone))

    def file(self, filing: Filing) -> FiledDocument | None:
        """File what a person at the desk, or the vendor's own synchronisation, brings."""
        return self._room.file(filing)

    def now(self) -> datetime:
        """Give the time on the server's wall."""
        return self._room.now()

    @property
    def documents(self) -> list[FiledDocument]:
        """All documents filed so far, in order, also replaced and withdrawn ones."""
        with self.archive.lock:
            return list(self.archive.documents)

    @property
    def messages(self) -> list[bytes]:
        """The last messages received, whole and in order."""
        return list(self._channel.messages)

    @property
    def messages_received(self) -> int:
        """How many messages were received in all."""
        return self._channel.received

    @property
    def web_port(self) -> int:
        """Port of the pages and switches; they are served from when it is first asked for."""
        return self._web.port

    @property
    def web_url(self) -> str:
        """Where a browser finds the Document Viewer."""
        return f"http://127.0.0.1:{self.web_port}/"

    def _fault_set(self, name: str) -> None:
        if name == "refuse_connections":
            if self.faults.refuse_connections:
                self._mllp.refuse()
            else:
                self._mllp.listen()
        if name == "read_back_down":
            self._dicom.refuse(self.faults.read_back_down)
