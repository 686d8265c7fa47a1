"""Which given items belong to which question, also when they stand in the wrong place."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from accord.domain.form_definition import Definition
from accord.domain.response_items import GivenItem


class Places:
    """
    Hands every given item out exactly once.

    An item stands at home where the questionnaire expects it; any other is astray and may
    be brought home by its linkId. What nobody asks for is left over.
    """

    def __init__(self, defined: Sequence[Definition], given: Sequence[GivenItem]) -> None:
        self._given = given
        self._taken = set[GivenItem]()
        self._repeats = 0
        self._at_home = set(_at_home(defined, given))
        self._astray: dict[str, list[GivenItem]] = {}
        for item in _walk(given):
            if item not in self._at_home:
                self._astray.setdefault(item.link_id, []).append(item)

    def take(self, definition: Definition, here: Iterable[GivenItem]) -> list[GivenItem]:
        """Hand out what was given for a question: what stands `here`, else what is astray."""
        found = [item for item in here if item not in self._taken]
        found = found or self._bring_home(definition)
        self._taken.update(found)
        return found

    def leftovers(self) -> Iterator[GivenItem]:
        """Hand out, one by one, what no question has asked for."""
        for item in _walk(self._given):
            if self.is_left(item):
                self._taken.add(item)
                yield item

    def is_left(self, item: GivenItem) -> bool:
        """Say whether an item has not been handed out yet."""
        return item not in self._taken

    def take_leftover(self, item: GivenItem) -> None:
        """Note that a leftover is shown with the one it hangs on."""
        self._taken.add(item)

    @contextmanager
    def among_repeats(self, several: bool) -> Iterator[None]:
        """While one of several repeats is read, nothing is brought home: to which of them?"""
        self._repeats += several
        try:
            yield
        finally:
            self._repeats -= several

    def _bring_home(self, definition: Definition) -> list[GivenItem]:
        if self._repeats:
            return []
        candidates = self._astray.get(definition.link_id, ())
        found = [item for item in candidates if self.is_left(item) and item not in self._at_home]
        self._at_home.update(_at_home([definition], found))  # with what belongs beneath
        return found


def _walk(given: Iterable[GivenItem]) -> Iterator[GivenItem]:
    for item in given:
        yield from item.walk()


def _at_home(defined: Sequence[Definition], given: Iterable[GivenItem]) -> Iterator[GivenItem]:
    """List the items that stand where the questionnaire expects them."""
    by_link = {definition.link_id: definition for definition in defined}
    for item in given:
        definition = by_link.get(item.link_id)
        if definition is not None:
            yield item
            yield from _at_home(definition.items, item.nested())
