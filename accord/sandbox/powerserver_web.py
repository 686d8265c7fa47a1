"""PowerServer's web port: the Document Viewer for people, switches for other processes."""

import json
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from accord.sandbox.powerserver_loading import BadVisit
from accord.sandbox.viewer_pages import viewer_routes

if TYPE_CHECKING:
    from accord.sandbox.powerserver import PowerServerSim


class WebPort:
    """Serves pages and switches on loopback, in a thread, from when the port is first asked for."""

    def __init__(self, powerserver: "PowerServerSim", more: Sequence[Route] = ()) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        application = Starlette(
            routes=[*switch_routes(powerserver), *more, *viewer_routes(powerserver)]
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                http="h11",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="powerserver-web", daemon=True
        )

        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """The port; starts serving, since most tests never look at a page."""
        with self._lock:
            if self._thread.ident is None:
                self._socket.listen(64)
                self._thread.start()
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """End the thread and give the port back."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()


def switch_routes(powerserver: "PowerServerSim") -> list[Route]:
    """Give what another process needs to play with this PowerServer, all under /sandbox."""

    async def faults(request: Request) -> JSONResponse:
        if request.method == "POST":
            try:
                powerserver.faults.change(await request.json())
            except (json.JSONDecodeError, ValueError, AttributeError) as error:
                return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(powerserver.faults.to_json())

    async def world(request: Request) -> JSONResponse:
        try:
            return JSONResponse({"visits": powerserver.load(await request.json())})
        except (json.JSONDecodeError, BadVisit, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    return [
        Route("/sandbox/documents", lambda _: JSONResponse(_documents(powerserver))),
        Route("/sandbox/messages/count", lambda _: JSONResponse(_count(powerserver))),
        Route("/sandbox/faults", faults, methods=["GET", "POST"]),
        Route("/sandbox/world", world, methods=["POST"]),
    ]


def _documents(powerserver: "PowerServerSim") -> list[dict[str, Any]]:
    return [each.to_json() for each in powerserver.documents]


def _count(powerserver: "PowerServerSim") -> dict[str, int]:
    return {"count": powerserver.messages_received}
