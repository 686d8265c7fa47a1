"""Associations kept and lent out: a few for each service, one borrower each."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from accord.adapters.dicom_association import Line, LineLost, Service
from accord.adapters.errors import Phase, Unavailable

T = TypeVar("T")
STALE_AFTER_S = 60.0  # routers and stations forget silent connections; a new one costs 10 ms


class BrokeOff(Unavailable):
    """The station ended the association before it had answered a read."""


class AssociationPool:
    """
    Lends open associations and takes them back; opens a new one when none is fit.

    Args:
        open_line: opens an association for a service.
        per_service: how many may be open at a time for each service.
        clock: seconds on a clock that only goes forward.
    """

    def __init__(
        self,
        open_line: Callable[[Service], Line],
        *,
        per_service: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open, self._clock = open_line, clock
        self._lock = threading.Lock()
        self._idle: dict[Service, list[Line]] = {service: [] for service in Service}
        self._places = {service: threading.Semaphore(per_service) for service in Service}
        self._closed = False

    @contextmanager
    def lend(self, service: Service, *, fresh: bool = False) -> Iterator[Line]:
        """
        Lend an association, waiting while all of its kind are lent.

        Raises:
            PeerError: a new one could not be opened.
        """
        with self._places[service]:
            line = (None if fresh else self._kept(service)) or self._open(service)
            try:
                yield line
            finally:
                self._take_back(line)

    def read(self, service: Service, act: Callable[[Line], T]) -> T:
        """
        Do what changes nothing at the peer; once more if a kept association proves broken.

        Raises:
            PeerError: what `act` raised, or `BrokeOff` if a new association broke too.
        """
        with self.lend(service) as line:
            try:
                return act(line)
            except LineLost as lost:
                if not line.used:
                    raise _broke_off(service) from lost
        with self.lend(service, fresh=True) as line:
            try:
                return act(line)
            except LineLost as lost:
                raise _broke_off(service) from lost

    def _kept(self, service: Service) -> Line | None:
        while True:
            with self._lock:
                if self._closed:
                    raise Unavailable("the station's connections are closed here", Phase.CONNECT)
                if not self._idle[service]:
                    return None
                line = self._idle[service].pop()
            if line.reusable and self._clock() - line.rested_at < STALE_AFTER_S:
                line.wake()
                return line
            line.close()

    def _take_back(self, line: Line) -> None:
        with self._lock:
            if line.reusable and not self._closed:
                line.rest(self._clock())
                self._idle[line.service].append(line)
                return
        line.close()

    def close(self) -> None:
        """Release what is idle; what is lent is released on its return."""
        with self._lock:
            self._closed = True
            idle = [line for lines in self._idle.values() for line in lines]
            self._idle = {service: [] for service in Service}
        for line in idle:
            line.close()


def _broke_off(service: Service) -> BrokeOff:
    return BrokeOff(f"the station broke off before it answered our {service}", Phase.PROCESS)
