import asyncio
import json
from typing import Any
from weakref import WeakValueDictionary

import httpx

from accord.adapters.errors import Malformed, Phase, Rejected, Uncertain
from accord.adapters.fhir_connection import FHIR_JSON
from accord.adapters.fhir_elements import JsonObject, id_of, text
from accord.adapters.fhir_outcomes import json_of, raise_for, refuse_outcome
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference


class Duplicated(Rejected):
    """A conditional create left two resources where one was meant; a person retires one."""


class FhirClient(FhirReader):
    """
    One FHIR R4 server, read and written in FHIR's own words.

    The CapabilityStatement is read first; what it does not declare is refused unless assumed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._creating: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def create(self, resource: JsonObject, if_none_exist: str) -> JsonObject:
        """
        Create a resource unless one that matches `if_none_exist` is there, and read it back.

        One creation per condition at a time in this process. An answer that was lost is settled
        by looking: what is found is adopted.

        Raises:
            Uncertain: the answer was lost and nothing is visible yet; look again later.
            Duplicated: two match now.
        """
        type_ = str(resource["resourceType"])
        await self.require(type_, "create")
        lock = self._creating.setdefault(f"{type_}?{if_none_exist}", asyncio.Lock())
        async with lock:
            return await self._create(type_, resource, if_none_exist)

    async def _create(self, type_: str, resource: JsonObject, condition: str) -> JsonObject:
        what = f"POST {type_}"
        lost: Uncertain | None = None
        answered: JsonObject | None = None
        try:
            response = await self._write(
                "POST", type_, what, resource, {"if-none-exist": condition}
            )
            answered = _body_of(response, what)
        except Uncertain as error:
            lost = error
        parameters = list(httpx.QueryParams(condition).multi_items())
        found = [found async for page in self.search(type_, parameters) for found in page.resources]
        if len(found) > 1:
            raise Duplicated(
                f"{what}: two match the condition it was created under; retire one by hand",
                Phase.VERIFY,
                "duplicate",
            )
        if found:
            return found[0]
        if answered is not None and text(answered, "id"):  # a search may show it only later
            stands = await self.read(Reference(type_, id_of(answered)))
            if stands is not None:
                return stands
        raise lost or Uncertain(f"{what}: accepted, and not to be found", Phase.VERIFY)

    async def update(self, resource: JsonObject, etag: str) -> JsonObject:
        """
        Replace a resource if it is still what it was when `etag` was read.

        Raises:
            Rejected: code 412 where another has changed it since; read it, plan again.
        """
        type_ = str(resource["resourceType"])
        await self.require(type_, "update")
        path, what = f"{type_}/{id_of(resource)}", f"PUT {type_}"
        response = await self._write("PUT", path, what, resource, {"if-match": etag})
        return _body_of(response, what) or resource

    async def etag(self, reference: Reference) -> tuple[JsonObject, str]:
        """
        Read a resource together with its ETag, which is opaque and handed back as it came.

        Raises:
            Rejected: it is not there.
            Malformed: the server gives no ETag, so no update would be safe.
        """
        await self.require(reference.type, "read")
        what = f"GET {reference.type}"
        response = await self.send("GET", str(reference), what)
        raise_for(response, writes=False, what=what)
        etag = response.headers.get("etag", "")
        if not etag:
            raise Malformed(f"{what}: no ETag, so no update would be safe", Phase.PROCESS)
        return json_of(response, what), etag

    async def _write(
        self, method: str, path: str, what: str, resource: JsonObject, headers: dict[str, str]
    ) -> httpx.Response:
        content = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
        sent = {"content-type": FHIR_JSON, "prefer": "return=representation", **headers}
        response = await self.send(method, path, what, sent, content)
        raise_for(response, writes=True, what=what)
        return response


def _body_of(response: httpx.Response, what: str) -> JsonObject | None:
    """Give what a write was answered with; None where the peer sends nothing back."""
    if not response.content.strip():
        return None
    answer = json_of(response, what)
    refuse_outcome(answer, what)
    return answer
