"""What pynetdicom leaves to be mended in the associations of PowerServer's station."""

import socket
import socketserver
from typing import Any

from pynetdicom import evt
from pynetdicom.transport import ThreadedAssociationServer


class StationServer(ThreadedAssociationServer):
    """
    Sets TCP_NODELAY on what it accepts (ten times faster), and hangs up at once while down.

    It keeps what it accepted: pynetdicom leaves a socket open whose peer went away first.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.is_down = False
        self._accepted: list[socket.socket] = []
        super().__init__(*arguments, **named)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection, without Nagle's delay."""
        accepted, address = super().get_request()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accepted = [kept for kept in self._accepted if kept.fileno() >= 0] + [accepted]
        return accepted, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Hang up on a connection while the station is down."""
        return not self.is_down

    def shutdown(self) -> None:
        """End the loop that accepts, and the port with it."""
        socketserver.BaseServer.shutdown(self)  # pynetdicom's also looks for itself in its AE
        self.server_close()

    def server_close(self) -> None:
        """Close the port and every connection it took."""
        super().server_close()
        for accepted in self._accepted:
            accepted.close()


def opened(event: evt.Event) -> None:
    """Prepare an association of our own, as C-MOVE opens it."""
    association, wrapped = event.assoc, event.assoc.dul.socket
    if wrapped is not None and wrapped.socket is not None:
        wrapped.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = association.dimse.msg_queue

    def give_back(message: Any, context_id: int) -> None:
        with waiting.mutex:
            waiting.queue.appendleft((context_id, message))
            waiting.not_empty.notify()

    # pynetdicom's idle loop may take a response from whoever waits for it (its issue 875).
    association._serve_request = give_back  # type: ignore[assignment, method-assign]
