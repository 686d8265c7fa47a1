"""PowerServer's MLLP receiver: Mirth 4.4.2's defaults, threads, frames of any size."""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator

START, END = b"\x0b", b"\x1c\r"
LINGER_NONE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero: closing sends a reset."""
TICK_S = 0.05
"""How soon a connection notices that it is to pause or to end."""


class Reset(Exception):
    """The connection is to be reset."""


class HangUp(Exception):
    """The connection is to be closed, orderly."""


def frame(payload: bytes) -> bytes:
    """Put a payload into an MLLP block."""
    return START + payload + END


class FrameBuffer:
    """
    Takes bytes as they arrive and gives whole frames; junk between frames is dropped.

    Each byte is searched once, so that a frame of megabytes in small pieces stays cheap.

    Source: MLLP release 1
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Add a piece; give the payloads of the frames it completes."""
        self._held += piece
        while True:
            if not self._held.startswith(START):
                begin = self._held.find(START)
                del self._held[: len(self._held) if begin < 0 else begin]
                self._searched = 0
            end = self._held.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._held) - 1)
                return
            payload = bytes(self._held[1:end])
            del self._held[: end + len(END)]
            self._searched = 0
            yield payload


class MllpReceiver:
    """
    Listens on loopback, one thread to a connection, and hands each payload to `answer`.

    `answer` gives what is to be written, piece by piece, or raises `Reset` or `HangUp`. The port
    is kept while connections are refused, so that reopening cannot fail.
    """

    def __init__(
        self,
        answer: Callable[[bytes], Iterator[bytes]],
        *,
        is_paused: Callable[[], bool],
        most_connections: int = 10,
    ) -> None:
        self._answer, self._is_paused = answer, is_paused
        self._slots = threading.Semaphore(most_connections)
        self._keeper = _bound(("127.0.0.1", 0))
        self.port: int = self._keeper.getsockname()[1]
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    def listen(self) -> None:
        """Take connections; does nothing where it already does."""
        with self._lock:
            if self._listener is not None:
                return
            listener = _bound(("127.0.0.1", self.port))
            listener.listen(128)
            self._listener = listener
        self._start(self._accept, listener)

    def refuse(self) -> None:
        """Refuse connections from now on and reset those that are open."""
        with self._lock:
            listener, self._listener = self._listener, None
            opened = list(self._open)
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # close alone waits for the acceptor's select
            listener.close()
        for connection in opened:
            _reset(connection)

    def close(self) -> None:
        """End every thread and give the port back."""
        self._ending.set()
        self.refuse()
        for thread in self._threads:
            thread.join()
        self._keeper.close()

    def _start(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=target, args=(argument,), name="powerserver-mllp")
        thread.daemon = True
        self._threads = [kept for kept in self._threads if kept.is_alive()] + [thread]
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._ending.is_set() and listener is self._listener:
            try:
                if not select.select([listener], [], [], TICK_S)[0]:
                    continue
                connection, _ = listener.accept()
            except (OSError, ValueError):
                return  # closed by `refuse`
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._slots, contextlib.closing(connection):
            try:
                self._converse(connection)
            except Reset:
                _reset(connection)
            except (HangUp, OSError, ValueError):
                pass  # asked for, the sender is gone, or `refuse` closed the connection
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _converse(self, connection: socket.socket) -> None:
        buffer = FrameBuffer()
        while not self._ending.is_set():
            if self._is_paused():
                self._ending.wait(TICK_S)
                continue
            readable = select.select([connection], [], [], TICK_S)[0]
            if not readable or self._is_paused():
                continue
            piece = connection.recv(1 << 16)
            if not piece:
                return
            for payload in buffer.feed(piece):
                for answer in self._answer(payload):
                    connection.sendall(answer)


def _bound(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    return made


def _reset(connection: socket.socket) -> None:
    """Close with a reset instead of a farewell; a connection already closed stays so."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        connection.close()
