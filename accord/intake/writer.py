"""The one thread that writes the store: many messages to a commit, none answered before it."""

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from accord.intake.arrivals import Arrival, Flag, to_microseconds
from accord.intake.database import open_for_writing, roll_back

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

MOST_ROWS_A_COMMIT = 256
BACKLOG_ROWS = 20_000
BACKLOG_BYTES = 256 << 20


class CannotStore(Exception):
    """A message could not be stored just now; its sender must keep it and try again."""


_Ticket = tuple[Arrival, "asyncio.Future[bytes]"]
_Job = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]


class Writer:
    """
    Stores arrivals in their order; with one waiting it commits on the spot, else in groups.

    Belongs to the event loop in which it was started.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tickets: SimpleQueue[_Ticket | None] = SimpleQueue()  # None: look around
        self._jobs: deque[_Job] = deque()
        self._connection: sqlite3.Connection | None = None
        self._is_stopping = False
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._thread = threading.Thread(target=self._work, name="intake-writer", daemon=True)

    async def start(self) -> None:
        """
        Open the store and begin to write.

        Raises:
            StoreUnusable: the file cannot serve as message store.
            CannotStore: it cannot be opened just now.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._connection = await asyncio.to_thread(open_for_writing, self._path)
        except sqlite3.OperationalError as error:
            raise CannotStore(f"{self._path} cannot be opened just now: {error}") from error
        self._thread.start()

    async def stop(self) -> None:
        """Commit what waits and close the store."""
        self._is_stopping = True
        self._tickets.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)
        # What the last commit answered is delivered in a turn of its own.
        await asyncio.sleep(0)

    def store(self, arrival: Arrival) -> "asyncio.Future[bytes]":
        """
        Store a message; the future gives its answer once the commit is on the disk.

        A message that came before, byte for byte, gets the answer it got then.

        Raises (in the future):
            CannotStore: disk full, locked, or too much is waiting.
        """
        future: asyncio.Future[bytes] = self._loop.create_future()
        refusal = self._refusal(len(arrival.raw))
        if refusal:
            future.set_exception(CannotStore(refusal))
            return future
        self._waiting_rows += 1
        self._waiting_bytes += len(arrival.raw)
        self._tickets.put((arrival, future))
        return future

    async def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """
        Do `work` in a transaction of its own, between the messages' commits.

        Raises:
            CannotStore: the database failed; nothing of it was done.
        """
        if self._is_stopping:
            raise CannotStore("the store is closing")
        future: asyncio.Future[_T] = self._loop.create_future()
        self._jobs.append((work, future))
        self._tickets.put(None)
        return await future

    def _refusal(self, size: int) -> str:
        if self._is_stopping:
            return "the store is closing"
        if self._waiting_rows >= BACKLOG_ROWS or self._waiting_bytes + size > BACKLOG_BYTES:
            return "too many messages wait for the disk"
        return ""

    def _work(self) -> None:
        while self._jobs or not (self._is_stopping and self._tickets.empty()):
            batch = self._gather()
            if batch:
                stored = self._transact(partial(_insert_all, batch))
                self._loop.call_soon_threadsafe(self._answer, batch, stored)
            while self._jobs:
                work, future = self._jobs.popleft()
                self._loop.call_soon_threadsafe(_settle, future, self._transact(work))
        if self._connection is not None:
            self._connection.close()

    def _gather(self) -> list[_Ticket]:
        batch: list[_Ticket] = []
        ticket = self._tickets.get()
        while ticket is not None:
            batch.append(ticket)
            if len(batch) == MOST_ROWS_A_COMMIT:
                break
            try:
                ticket = self._tickets.get_nowait()
            except Empty:
                break
        return batch

    def _transact(self, work: Callable[[sqlite3.Connection], _T]) -> _T | CannotStore:
        try:
            if self._connection is None:
                self._connection = open_for_writing(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            outcome = work(self._connection)
            self._connection.execute("COMMIT")
            return outcome
        except Exception as error:
            self._give_up(error)
            failure = CannotStore(f"the store failed ({type(error).__name__})")
            failure.__cause__ = error
            return failure

    def _give_up(self, error: Exception) -> None:
        # SQLite's texts name conditions, never values.
        _LOG.error("the store failed: %s: %s", type(error).__name__, error)
        if self._connection is not None:
            roll_back(self._connection)
            self._connection.close()
            self._connection = None

    def _answer(self, batch: list[_Ticket], stored: list[bytes] | CannotStore) -> None:
        for place, (arrival, future) in enumerate(batch):
            self._waiting_rows -= 1
            self._waiting_bytes -= len(arrival.raw)
            _settle(future, stored if isinstance(stored, CannotStore) else stored[place])


def _settle(future: "asyncio.Future[Any]", outcome: Any) -> None:
    if future.done():  # whoever waited has been cancelled
        return
    if isinstance(outcome, CannotStore):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _insert_all(batch: list[_Ticket], connection: sqlite3.Connection) -> list[bytes]:
    return [_insert(connection, arrival) for arrival, _ in batch]


def _insert(connection: sqlite3.Connection, arrival: Arrival) -> bytes:
    identity = (arrival.control_id, arrival.sha256)
    known = connection.execute(
        "SELECT answer FROM message WHERE control_id = ? AND sha256 = ?", identity
    ).fetchone()
    if known is not None:
        return bytes(known[0])
    connection.execute(
        "INSERT INTO message (received_at, peer, sender, control_id, type, flag, sha256, answer,"
        " raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            to_microseconds(arrival.received_at),
            arrival.peer,
            arrival.sender,
            arrival.control_id,
            arrival.type,
            _flag(connection, arrival),
            arrival.sha256,
            arrival.answer,
            arrival.raw,
        ),
    )
    return arrival.answer


def _flag(connection: sqlite3.Connection, arrival: Arrival) -> Flag:
    if not arrival.control_id:
        return Flag.NO_CONTROL_ID
    reused = connection.execute(
        "SELECT 1 FROM message WHERE control_id = ? AND sender = ? LIMIT 1",
        (arrival.control_id, arrival.sender),
    ).fetchone()
    return Flag.REUSED_CONTROL_ID if reused else Flag.NONE
