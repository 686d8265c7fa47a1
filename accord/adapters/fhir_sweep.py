"""What changed in a span of the server's time, complete although it changes while we look."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from accord.adapters.errors import Malformed, Phase
from accord.adapters.fhir_elements import JsonObject, last_updated_of, version_of
from accord.adapters.fhir_pages import Page, Parameters, UnreadableEntry, mark_of
from accord.adapters.fhir_reader import FhirReader

ATTEMPTS = 10  # each is one search; deletions between two pages call for one too


class Sweep:
    """
    Reads every resource of a type whose `_lastUpdated` is in [since, until), oldest first.

    Offset pages skip entries when the set changes between them: an updated resource moves to
    the end and all behind it move up. So each page is a search of its own from the newest time
    seen; `next` is followed only where one instant fills a page, or the server does not sort.
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
        self._sorted = True
        self.ignored: frozenset[str] = frozenset()
        """Search parameters that the server did not honour; filtered here instead."""

    async def pages(self) -> AsyncIterator[list[JsonObject | UnreadableEntry]]:
        """
        Give what was not given before, page by page.

        Raises:
            Malformed: the server's totals and pages disagree each time they are asked.
        """
        floor = before = self._since
        least = 0  # entries that must still be at or after `floor`, by the page before
        page = await self._from(floor)
        while True:
            yield self._fresh(page)
            was_sorted, (newest, ahead) = self._sorted, self._newest(page)
            self._run.update(mark_of(entry) for entry in page.entries)
            if was_sorted and not self._sorted and floor != self._since:
                floor, least, page = self._since, 0, await self._from(self._since)
            elif page.total is not None and page.total < least:
                floor = before  # what is missing stood on the page before
                least, page = 0, await self._again(floor)
            elif page.next is not None and self._sorted and _after(newest, floor):
                least = page.total - ahead if page.total is not None else 0
                before, floor = floor, newest
                page = await self._from(floor)
            elif page.next is not None and page.next not in self._visited:
                least, page = 0, await self._follow(page, page.next)
            elif self._is_whole(page):
                return
            else:
                least, page = 0, await self._again(floor)

    def _is_whole(self, page: Page) -> bool:
        """Judge a run of pages at its end; without a total, only a circle is no end."""
        return page.next is None if page.total is None else len(self._run) >= page.total

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
        return await self._client.first_page(self._type, self._asked(floor))

    async def _follow(self, page: Page, link: str) -> Page:
        self._visited.add(link)
        return await self._client.next_page(self._type, page, self._asked(self._since))

    def _asked(self, floor: datetime | None) -> Parameters:
        asked = [*self._narrowed_by, ("_sort", "_lastUpdated"), ("_count", str(self._count))]
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


def _after(newest: datetime | None, floor: datetime | None) -> bool:
    return newest is not None and (floor is None or newest > floor)


def _stamp(at: datetime) -> str:
    """Write an instant with milliseconds, rounded down: the server may keep no more."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
