from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlencode

import httpx

from accord.adapters.errors import Malformed, Phase
from accord.adapters.fhir_connection import FhirConnection
from accord.adapters.fhir_elements import JsonObject, Misshapen, child, objects, text
from accord.adapters.fhir_outcomes import json_of, raise_for, refuse_outcome
from accord.adapters.fhir_pages import Page, Parameters, mark_of, read_page
from accord.adapters.fhir_references import Reference, same_origin
from accord.adapters.fhir_together import together

FORM = "application/x-www-form-urlencoded"
IDS_PER_SEARCH = 100
PASSES = 3
GONE = frozenset({404, 410})


class FhirReader(FhirConnection):
    """
    Reads one FHIR R4 server, in FHIR's own words.

    Patient data travels in bodies: every search is a POST, also where a page's link says GET.
    """

    async def first_page(self, type_: str, parameters: Parameters) -> Page:
        """Search, and give the first page of matches."""
        await self.require(type_, "search-type")
        return await self._page(f"{type_}/_search", type_, parameters, parameters)

    async def next_page(self, type_: str, page: Page, asked: Parameters) -> Page:
        """
        Follow a page's `next`, which has been seen to stay on our origin.

        A link that shows the search in its query is asked as a POST, so that what was searched
        for stays out of URLs; an opaque one is followed as it is.
        """
        assert page.next is not None
        url = httpx.URL(page.next)
        if url.path.removesuffix("/") == self.base.join(type_).path:
            return await self._page(
                f"{type_}/_search", type_, list(url.params.multi_items()), asked
            )
        what = f"GET next page of {type_}"
        response = await self.send("GET", str(url), what)
        return self._read(response, type_, asked, what)

    async def search(self, type_: str, parameters: Parameters) -> AsyncIterator[Page]:
        """
        Search, and follow the pages to the end; a resource comes once, in its first version seen.

        A result that falls short of its own total is asked again from the start.

        Raises:
            Malformed: it falls short of its total every time, or its pages run in a circle.
        """
        seen: set[str] = set()
        for _ in range(PASSES):
            circle, total = False, None
            visited: set[str] = set()
            page = await self.first_page(type_, parameters)
            while True:
                yield _fresh(page, seen)
                total, circle = page.total, page.next in visited
                if page.next is None or circle:
                    break
                visited.add(page.next)
                page = await self.next_page(type_, page, parameters)
            if len(seen) >= total if total is not None else not circle:
                return
        raise Malformed(
            f"search of {type_}: its pages do not hold what its total declares",
            Phase.PROCESS,
            "next" if circle else "total",
        )

    async def everything(self, type_: str) -> tuple[list[JsonObject], list[str]]:
        """Read all resources of a type, and the ids of those that cannot be understood."""
        found: list[JsonObject] = []
        misshapen: list[str] = []
        async for page in self.search(type_, [("_count", str(IDS_PER_SEARCH))]):
            for entry in page.entries:
                if isinstance(entry, dict):
                    found.append(entry)
                else:
                    misshapen.append(entry.id or "?")
        return found, misshapen

    async def read_many(self, type_: str, ids: Sequence[str]) -> dict[str, JsonObject]:
        """Read resources by id, many at a time; an id that is not there is left out."""
        wanted = sorted(set(ids))
        parts = [wanted[i : i + IDS_PER_SEARCH] for i in range(0, len(wanted), IDS_PER_SEARCH)]
        found = await together(self._read_part(type_, part) for part in parts)
        return {name: each for part in found for name, each in part.items()}

    async def _read_part(self, type_: str, ids: Sequence[str]) -> dict[str, JsonObject]:
        parameters = [("_id", ",".join(ids)), ("_count", str(len(ids)))]
        found: dict[str, JsonObject] = {}
        wanted = set(ids)
        async for page in self.search(type_, parameters):
            for resource in page.resources:
                if resource["id"] in wanted:  # a server may have ignored _id
                    found[resource["id"]] = resource
            for entry in page.entries:
                if not isinstance(entry, dict) and entry.id in wanted:
                    found[entry.id] = {}  # there, and not to be understood
        return found

    async def read(self, reference: Reference, version: str = "") -> JsonObject | None:
        """Read one resource, or one version of it; None where it is gone or never was."""
        await self.require(reference.type, "vread" if version else "read")
        what = f"GET {reference.type}"
        path = f"{reference}/_history/{version}" if version else str(reference)
        response = await self.send("GET", path, what)
        if response.status_code in GONE:
            return None
        raise_for(response, writes=False, what=what)
        answer = json_of(response, what)
        refuse_outcome(answer, what)
        return answer

    async def fetch(self, path: str, what: str, accept: str) -> httpx.Response | None:
        """Fetch what a resource points to on our own origin; None where it is gone."""
        response = await self.send("GET", path, what, {"accept": accept})
        if response.status_code in GONE:
            return None
        raise_for(response, writes=False, what=what)
        return response

    async def history(self, reference: Reference) -> list[JsonObject]:
        """Give a resource's versions, newest first; a deletion has no resource and is left out."""
        await self.require(reference.type, "history-instance")
        what = f"GET {reference.type} history"
        versions: list[JsonObject] = []
        url: str | None = f"{reference}/_history"
        visited: set[str] = set()
        while url is not None and url not in visited:
            visited.add(url)
            response = await self.send("GET", url, what)
            if response.status_code in GONE:
                break
            raise_for(response, writes=False, what=what)
            bundle = json_of(response, what)
            versions += _versions(bundle, what)
            url = self._next_of(bundle, what)
        return versions

    async def _page(self, path: str, type_: str, parameters: Parameters, asked: Parameters) -> Page:
        what = f"POST {type_}/_search"
        headers = {"content-type": FORM, "prefer": "handling=strict", "cache-control": "no-cache"}
        response = await self.send("POST", path, what, headers, urlencode(parameters).encode())
        return self._read(response, type_, asked, what)

    def _read(self, response: httpx.Response, type_: str, asked: Parameters, what: str) -> Page:
        raise_for(response, writes=False, what=what)
        answer = json_of(response, what)
        refuse_outcome(answer, what)
        return read_page(answer, type_, asked, self.base)

    def _next_of(self, bundle: JsonObject, what: str) -> str | None:
        for link in objects(bundle, "link"):
            if text(link, "relation") == "next":
                url = self.base.join(text(link, "url"))
                if not same_origin(url, self.base):
                    raise Malformed(f"{what}: the next page is on another origin", Phase.PROCESS)
                return str(url)
        return None


def _fresh(page: Page, seen: set[str]) -> Page:
    """Give the page without what earlier pages held, and remember what it holds."""
    fresh = []
    for entry in page.entries:
        mark = mark_of(entry)
        if mark not in seen:
            seen.add(mark)
            fresh.append(entry)
    return Page(tuple(fresh), page.total, page.next, page.ignored)


def _versions(bundle: JsonObject, what: str) -> list[JsonObject]:
    try:
        found = [child(entry, "resource") for entry in objects(bundle, "entry")]
    except Misshapen:
        raise Malformed(f"{what}: the Bundle cannot be understood", Phase.PROCESS) from None
    return [resource for resource in found if resource]
