"""One page of a search: what is on it, what cannot be understood, and what the server ignored."""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx

from accord.adapters.errors import Malformed, Phase, Rejected
from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    child,
    id_of,
    last_updated_of,
    objects,
    text,
    version_of,
)
from accord.adapters.fhir_outcomes import refusals
from accord.adapters.fhir_references import same_origin

Parameters = list[tuple[str, str]]
CONTROLS = frozenset({"_count", "_sort", "_elements", "_summary", "_total"})


@dataclass(frozen=True)
class UnreadableEntry:
    """An entry that cannot be understood: its id where it has one, and where it stood."""

    id: str
    entry: int
    """Counted from 1 on its page."""
    mark: str
    """Digest of what stood there, to know it again."""


@dataclass(frozen=True)
class Page:
    """One page of matches, in the server's order."""

    entries: tuple[JsonObject | UnreadableEntry, ...]
    total: int | None
    next: str | None
    ignored: frozenset[str]
    """Names asked for that the self link does not show: the server did not search by them."""

    @property
    def resources(self) -> list[JsonObject]:
        """The matches that can be understood."""
        return [entry for entry in self.entries if isinstance(entry, dict)]


def read_page(bundle: JsonObject, type_: str, asked: Parameters, base: httpx.URL) -> Page:
    """
    Read a searchset.

    One entry that cannot be understood does not fail the page.

    Raises:
        Malformed: it is no searchset, or its next page is on another origin.
        Rejected: the server says in the searchset that it refuses.
    """
    what = f"POST {type_}/_search"
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise Malformed(f"{what}: the answer is no searchset Bundle", Phase.PROCESS)
    try:
        links = {text(link, "relation"): text(link, "url") for link in objects(bundle, "link")}
        entries = bundle.get("entry") or []
        if not isinstance(entries, list):
            raise Misshapen("entry")
    except Misshapen as error:
        raise Malformed(
            f"{what}: the Bundle's `{error}` cannot be understood", Phase.PROCESS
        ) from None
    total = bundle.get("total")
    return Page(
        entries=tuple(_matches(entries, type_, what)),
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
        next=_next(links.get("next"), base, what),
        ignored=_ignored(links.get("self"), asked),
    )


def _matches(entries: list[object], type_: str, what: str) -> list[JsonObject | UnreadableEntry]:
    found: list[JsonObject | UnreadableEntry] = []
    for position, entry in enumerate(entries, start=1):
        try:
            resource = _match(entry, type_, what)
        except Misshapen:
            found.append(_unreadable(entry, position))
            continue
        if resource is not None:
            found.append(resource)
    return found


def _match(entry: object, type_: str, what: str) -> JsonObject | None:
    """Give the entry's match; None for what was included beside the matches."""
    if not isinstance(entry, dict):
        raise Misshapen("entry")
    mode = text(child(entry, "search"), "mode")
    resource = child(entry, "resource")
    if mode == "outcome" or resource.get("resourceType") == "OperationOutcome":
        refused = refusals(resource)
        if refused:
            raise Rejected(f"{what}: the peer refuses it", Phase.PROCESS, " ".join(refused))
        return None
    if mode == "include":
        return None
    if resource.get("resourceType") != type_:
        raise Misshapen("resourceType")
    id_of(resource)
    version_of(resource)
    last_updated_of(resource)
    return resource


def _unreadable(entry: object, position: int) -> UnreadableEntry:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    name = resource.get("id") if isinstance(resource, dict) else None
    mark = hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()
    return UnreadableEntry(id=name if isinstance(name, str) else "", entry=position, mark=mark)


def _next(link: str | None, base: httpx.URL, what: str) -> str | None:
    if not link:
        return None
    try:
        url = base.join(link)
    except (httpx.InvalidURL, ValueError):
        raise Malformed(f"{what}: the next page's link is no URL", Phase.PROCESS) from None
    if not same_origin(url, base):
        raise Malformed(
            f"{what}: the next page is on another origin, where our token never goes; set "
            f"`fhir_base` to the address the server calls its own",
            Phase.PROCESS,
        )
    return str(url)


def _ignored(link: str | None, asked: Parameters) -> frozenset[str]:
    """Compare the self link with what was asked. Source: FHIR R4 search, 3.1.1.1.1."""
    wanted = {name for name, _ in asked if name not in CONTROLS}
    if not link:
        return frozenset(wanted)
    used = {name for name, _ in parse_qsl(httpx.URL(link).query.decode(), keep_blank_values=True)}
    return frozenset(wanted - used)


def mark_of(entry: JsonObject | UnreadableEntry) -> str:
    """Give what an entry is known by from one page to the next."""
    if isinstance(entry, UnreadableEntry):
        return f"id {entry.id}" if entry.id else f"mark {entry.mark}"
    return f"id {entry['id']}"
