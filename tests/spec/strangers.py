"""Servers that are not what somebody took them for, on real sockets."""

import contextlib
import socket
import threading
from collections.abc import Iterator

HTTP_400 = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"


def http(body: str, kind: str, status: str = "200 OK") -> bytes:
    """Give an HTTP answer with this body and content type."""
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + content


@contextlib.contextmanager
def a_stranger(answer: bytes, *, greeting: bytes = b"") -> Iterator[int]:
    """Lend the port of a server that says `answer` to whatever comes, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        ending = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, answer, greeting, ending))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ending.set()
            thread.join()


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    """Lend a port at which nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def _serve(
    listener: socket.socket, answer: bytes, greeting: bytes, ending: threading.Event
) -> None:
    while not ending.is_set():
        try:
            peer, _ = listener.accept()
        except TimeoutError:
            continue
        with peer, contextlib.suppress(OSError):
            peer.settimeout(2)
            peer.sendall(greeting)
            peer.recv(65536)
            peer.sendall(answer)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(65536):
                pass
