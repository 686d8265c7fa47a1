"""Which template a response answers, and whether it was ever published."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.adapters.errors import PeerError
from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    child,
    codes,
    id_of,
    last_updated_of,
    objects,
    text,
)
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference
from accord.domain.forms import FormKind
from accord.domain.wires import OmegaAIWire

PUBLISHED = frozenset({"active", "retired"})


@dataclass(frozen=True)
class Template:
    """A questionnaire in the business version that was answered."""

    resource: JsonObject
    status: str
    """What it is now."""
    ever_published: bool


class QuestionnaireReader:
    """
    Finds questionnaires by canonical and version; each canonical is looked up once.

    A server that declares no search by `url` is asked for all of its questionnaires, which are
    few, and they are told apart here.
    """

    def __init__(self, client: FhirReader) -> None:
        self._client = client
        self._all: list[JsonObject] | None = None
        self._told: dict[str, list[JsonObject] | PeerError] = {}
        self._asking = asyncio.Lock()

    async def prepare(self) -> None:
        """
        Ask for what every response rests on: whoever lacks that, lacks it for all of them.

        Raises:
            NotOffered: questionnaires cannot be searched for.
            PeerError: they could not be listed, where the server has no search by `url`.
        """
        await self._client.require("Questionnaire", "search-type")
        if not (await self._client.capability()).searches_by("Questionnaire", "url"):
            self._all = await self._collect([])

    async def template(self, canonical: str, answered_at: datetime | None) -> Template | None:
        """
        Find what `canonical` (`url`, or `url|version`) stood for when it was answered.

        None where there is no such questionnaire, or not in that version; without a version,
        where several could be meant.

        Raises:
            Misshapen: it is there and cannot be understood.
            PeerError: it could not be asked for; asked once, however many responses answer it.
        """
        if not canonical:
            return None
        async with self._asking:
            return await self._look_up(canonical, answered_at)

    async def _look_up(self, canonical: str, answered_at: datetime | None) -> Template | None:
        url, _, version = canonical.partition("|")
        candidates = await self._candidates(url)
        matching = [each for each in candidates if not version or text(each, "version") == version]
        if len(matching) == 1:
            return await self._judged(matching[0], answered_at)
        if matching or not version:
            return None
        return await self._in_history(candidates, version)

    async def _judged(self, current: JsonObject, answered_at: datetime | None) -> Template:
        status = text(current, "status")
        if status in PUBLISHED:
            return Template(current, status, ever_published=True)
        published = [
            each
            for each in await self._history(current)
            if text(each, "status") in PUBLISHED
            and text(each, "version") == text(current, "version")
        ]
        seen = [e for e in published if answered_at is None or last_updated_of(e) <= answered_at]
        shown = (seen or published or [current])[0]  # newest first: what the patient saw
        return Template(shown, status, ever_published=bool(published))

    async def _in_history(self, candidates: list[JsonObject], version: str) -> Template | None:
        for current in candidates:
            earlier = [e for e in await self._history(current) if text(e, "version") == version]
            if earlier:
                published = [each for each in earlier if text(each, "status") in PUBLISHED]
                shown = (published or earlier)[0]
                return Template(shown, text(shown, "status"), ever_published=bool(published))
        return None

    async def _history(self, current: JsonObject) -> list[JsonObject]:
        reference = Reference("Questionnaire", id_of(current))
        return await self._once(f"history {reference}", lambda: self._client.history(reference))

    async def _candidates(self, url: str) -> list[JsonObject]:
        found = await self._once(f"url {url}", lambda: self._search(url))
        return [each for each in found if self._is_called(each, url)]

    async def _once(
        self, question: str, ask: Callable[[], Awaitable[list[JsonObject]]]
    ) -> list[JsonObject]:
        """Ask, and tell everybody after the first the same: what came, or how it failed."""
        if question not in self._told:
            try:
                self._told[question] = await ask()
            except PeerError as error:
                self._told[question] = error
        told = self._told[question]
        if isinstance(told, PeerError):
            raise type(told)(*told.args)
        return told

    def _is_called(self, questionnaire: JsonObject, url: str) -> bool:
        name = f"Questionnaire/{questionnaire['id']}"
        return url in [questionnaire.get("url"), name, f"{self._client.base}{name}"]

    async def _search(self, url: str) -> list[JsonObject]:
        if self._all is None:
            await self.prepare()
        return await self._collect([("url", url)]) if self._all is None else self._all

    async def _collect(self, parameters: list[tuple[str, str]]) -> list[JsonObject]:
        asked = [*parameters, ("_count", "200")]
        return [
            found
            async for page in self._client.search("Questionnaire", asked)
            for found in page.resources
        ]


def form_kind(wire: OmegaAIWire, *nodes: JsonObject) -> FormKind | None:
    """
    Read which template a form is, from the element that the organization file names.

    That is an extension with the url `form_kind_url`, or a coding of that system in `code`,
    `type` or `category`; never a title.
    """
    for node in nodes:
        for code in _kind_codes(node, wire.form_kind_url):
            if code in wire.form_kind_codes:
                return wire.form_kind_codes[code]
    return None


def _kind_codes(node: JsonObject, url: str) -> list[str]:
    named: list[Any] = []
    for extension in objects(node, "extension"):
        if text(extension, "url") == url:
            named += [extension.get("valueCode"), extension.get("valueString")]
            named += [child(extension, "valueCoding").get("code")]
    kept = node.get("code"), node.get("type"), node.get("category")
    for value in kept:
        for concept in value if isinstance(value, list) else [value]:
            if isinstance(concept, dict):
                named += _system_codes(concept, url)
    return [code for code in named if isinstance(code, str)]


def _system_codes(concept: JsonObject, system: str) -> list[str]:
    """Questionnaire.code is a list of Codings, the others are CodeableConcepts."""
    if "coding" in concept:
        return codes(concept, system)
    try:
        return [text(concept, "code")] if text(concept, "system") == system else []
    except Misshapen:
        return []
