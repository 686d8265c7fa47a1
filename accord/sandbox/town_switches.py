"""How another process, or a person with curl, makes things happen in a town."""

import json
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from accord.sandbox.town import Town

DAY = frozenset({"normal", "pdf", "wrong", "pdf_bytes", "template"})
"""What a day of forms may be asked for with; see `Blume.submit_day`."""


def town_routes(town: "Town") -> list[Route]:
    """
    Give the town's switches, on PowerServer's web port.

    POST /sandbox/blume/day submits forms and gives what must become of each;
    POST /sandbox/vendor/sweep lets the vendor look once; GET and POST /sandbox/omegaai/faults.
    """
    switches = _Switches(town)
    return [
        Route("/sandbox/blume/day", switches.day, methods=["POST"]),
        Route("/sandbox/vendor/sweep", switches.sweep, methods=["POST"]),
        Route("/sandbox/omegaai/faults", switches.faults, methods=["GET", "POST"]),
    ]


class _Switches:
    """One wish at a time: the actors' dice are not shared between threads."""

    def __init__(self, town: "Town") -> None:
        self._town, self._turn = town, threading.Lock()

    async def day(self, request: Request) -> JSONResponse:
        try:
            wanted = json.loads(await request.body() or b"{}")
            unknown = sorted(set(wanted) - DAY)
            if unknown:
                return _refused(f"a day of forms has no {', '.join(unknown)}")
            with self._turn:
                notes = self._town.submit_day(**wanted)
        except (ValueError, TypeError, KeyError) as error:
            return _refused(str(error))
        return JSONResponse([note.plain() for note in notes])

    def sweep(self, _: Request) -> JSONResponse:
        try:
            with self._turn:
                return JSONResponse(asdict(self._town.vendor.sweep()))
        except httpx.HTTPError as error:
            return _refused(type(error).__name__, status=503)

    async def faults(self, request: Request) -> JSONResponse:
        faults = self._town.omegaai.faults
        if request.method == "POST":
            try:
                faults.change(await request.json())
            except (ValueError, AttributeError) as error:
                return _refused(str(error))
        return JSONResponse(asdict(faults))


def _refused(reason: str, *, status: int = 422) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status)
