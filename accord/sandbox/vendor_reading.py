"""How the vendor's own synchronisation reads OmegaAI: plain FHIR over HTTP."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

Resource = dict[str, Any]
PAGE = 200


@dataclass(frozen=True)
class OmegaAIDoor:
    """Where OmegaAI is, and who the vendor's service is there."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


class Reading:
    """One visit to OmegaAI: whole searches and single reads, each resource fetched once."""

    def __init__(self, client: httpx.Client, base_url: str) -> None:
        self._client, self._base_url = client, base_url
        self._known: dict[str, Resource] = {}

    def all(self, type_: str) -> Iterator[Resource]:
        """
        Give every resource of a type, page by page.

        Raises:
            httpx.HTTPError: OmegaAI could not be read.
        """
        url: str | None = f"{self._base_url}/{type_}?_count={PAGE}"
        while url:
            page = self._client.get(url).raise_for_status().json()
            yield from (entry["resource"] for entry in page.get("entry", ()))
            links = {link["relation"]: link["url"] for link in page.get("link", ())}
            url = links.get("next")

    def one(self, reference: str) -> Resource:
        """
        Give the resource behind a reference, empty where there is none.

        Raises:
            httpx.HTTPError: OmegaAI could not be read.
        """
        if reference not in self._known:
            answer = self._client.get(f"{self._base_url}/{reference}") if reference else None
            if answer is not None and answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                answer.raise_for_status()
            found = answer is not None and answer.status_code == httpx.codes.OK
            self._known[reference] = answer.json() if answer is not None and found else {}
        return self._known[reference]

    def attached(self, document: Resource) -> bytes:
        """Give the bytes of a DocumentReference's first attachment, empty where there are none."""
        attachment = document["content"][0]["attachment"]
        inline = attachment.get("data", "")
        if not inline and "url" in attachment:
            reference = attachment["url"].removeprefix(self._base_url).strip("/")
            inline = self.one(reference).get("data", "")
        return base64.b64decode(inline)


@contextmanager
def visit(door: OmegaAIDoor) -> Iterator[Reading]:
    """
    Sign in as the vendor's service and read.

    Raises:
        httpx.HTTPError: OmegaAI could not be reached, or lets nobody in.
    """
    with httpx.Client(timeout=10, trust_env=False) as client:
        asked = {
            "grant_type": "client_credentials",
            "client_id": door.client_id,
            "client_secret": door.client_secret,
        }
        granted = client.post(door.token_url, data=asked).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {granted['access_token']}"
        yield Reading(client, door.base_url)
