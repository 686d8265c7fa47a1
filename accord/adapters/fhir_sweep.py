"""What changed in a span of the server's time, complete although it changes while we look."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from accord.adapters.errors import Malformed, Phase
from accord.adapters.fhir_elements import JsonObject, last_updated_of, version_of
from accord.adapters.fhir_pages import Page, Parameters, UnreadableEntry, mark_of
from accord.adapters.fhir_reader import FhirReader

WIDEST = 1000
ATTEMPTS = 10  # each is one search; deletions between two pages call for one too


class Sweep:
    """
    Reads every resource of a type whose `_lastUpdated` is in [since, until), oldest first.

    Offset pages skip entries when the set changes between them: an updated resource moves to
    the end and all behind it move up. So each page is a search of its own from the newest time
    seen, and a wider one where one instant fills it; `next` is followed only where the server
    gives no wider page, or does not sort, and then from the start again if the total changes.
    A page that holds fewer than the totals before and after it say is asked again.
    """

    def __init__(
        self,
        client: FhirReader,
        type_: str,
        *,
        span: tuple[datetime | None, datetime | None] = (None, None),
        narrowed_by: Parameters | None = None,
        count: int = 100,
    ) -> None:
        self._client, self._type, self._count = client, type_, count
        self._since, self._until = span
        self._narrowed_by = narrowed_by or []
        self._seen: set[str] = set()
        self._visited: set[str] = set()
        self._run: set[str] = set()
        self._attempts: Counter[datetime | None] = Counter()
        self._floor = self._before = self._since
        self._least = 0  # entries that must still be at or after the floor, by the page before
        self._run_total: int | None = None
        self._width = count
        self._sorted = True
        self.ignored: frozenset[str] = frozenset()
        """Search parameters that the server did not honour; filtered here instead."""

    async def pages(self) -> AsyncIterator[list[JsonObject | UnreadableEntry]]:
        """
        Give what was not given before, page by page.

        Raises:
            Malformed: the server's totals and pages disagree each time they are asked.
        """
        page: Page | None = await self._from(self._since)
        while page is not None:
            yield self._fresh(page)
            page = await self._after(page)

    async def _after(self, page: Page) -> Page | None:
        """Give the page to look at next; None where there is none."""
        was_sorted, (newest, ahead) = self._sorted, self._newest(page)
        self._run.update(mark_of(entry) for entry in page.entries)
        if was_sorted and not self._sorted and self._floor != self._since:
            return await self._from(self._since)
        if page.total is not None and page.total < self._least:
            return await self._again(self._before)  # what is missing stood on the page before
        if page.next is None:
            return None if self._is_whole(page) else await self._again(self._floor)
        if self._sorted and newest is not None and _is_later(newest, self._floor):
            return await self._advance(newest, page.total - ahead if page.total else 0)
        return await self._further(page, page.next)

    async def _advance(self, newest: datetime, least: int) -> Page:
        """Search from the newest time seen, where at least this many must still be."""
        before, self._width = self._floor, self._count
        page = await self._from(newest)
        self._before, self._least = before, least
        return page

    async def _further(self, page: Page, link: str) -> Page | None:
        """Go on where one instant fills a page, or the server does not sort."""
        if self._may_widen(page):
            self._width = min(WIDEST, self._width * 4)
            return await self._from(self._floor)
        if self._run_total not in {None, page.total}:
            return await self._again(self._floor)  # it changed beneath the run
        if link in self._visited:
            return None if self._is_whole(page) else await self._again(self._floor)
        self._visited.add(link)
        self._least = 0
        return await self._client.next_page(self._type, page, self._asked(self._since))

    def _may_widen(self, page: Page) -> bool:
        """One instant fills the page: ask for it whole, if the server gives as many as asked."""
        return self._sorted and self._width <= len(page.entries) and self._width < WIDEST

    def _is_whole(self, page: Page) -> bool:
        """Judge a run of pages at its end; without a total, only a circle is no end."""
        if page.total is None:
            return page.next is None
        return self._run_total == page.total <= len(self._run)

    async def _again(self, floor: datetime | None) -> Page:
        self._attempts[floor] += 1
        if self._attempts[floor] == ATTEMPTS:
            raise Malformed(
                f"search of {self._type}: its pages do not hold what its total declares",
                Phase.PROCESS,
                "total",
            )
        return await self._from(floor)

    async def _from(self, floor: datetime | None) -> Page:
        self._visited, self._run = set(), set()
        self._floor = self._before = floor
        self._least = 0
        page = await self._client.first_page(self._type, self._asked(floor))
        self._run_total = page.total
        return page

    def _asked(self, floor: datetime | None) -> Parameters:
        asked = [*self._narrowed_by, ("_sort", "_lastUpdated"), ("_count", str(self._width))]
        if floor is not None:
            asked.append(("_lastUpdated", f"ge{_stamp(floor)}"))
        if self._until is not None:
            asked.append(("_lastUpdated", f"lt{_stamp(self._until + timedelta(milliseconds=1))}"))
        return asked

    def _newest(self, page: Page) -> tuple[datetime | None, int]:
        """Give the page's last time, and how many entries of the run stand before it."""
        times = [
            None if isinstance(e, UnreadableEntry) else last_updated_of(e) for e in page.entries
        ]
        known = [time for time in times if time is not None]
        if not known:
            return None, 0
        self._sorted = self._sorted and known == sorted(known)
        return known[-1], len(self._run) + times.index(known[-1])

    def _fresh(self, page: Page) -> list[JsonObject | UnreadableEntry]:
        self.ignored |= page.ignored
        fresh = []
        for entry in page.entries:
            mark = mark_of(entry)
            if not isinstance(entry, UnreadableEntry):
                mark = f"{mark} {version_of(entry)}"
                if not self._wanted(last_updated_of(entry)):
                    continue
            if mark not in self._seen:
                self._seen.add(mark)
                fresh.append(entry)
        return fresh

    def _wanted(self, at: datetime) -> bool:
        return (self._since is None or at >= self._since) and (
            self._until is None or at < self._until
        )


def _is_later(newest: datetime, floor: datetime | None) -> bool:
    return floor is None or newest > floor


def _stamp(at: datetime) -> str:
    """Write an instant with milliseconds, rounded down: the server may keep no more."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
