"""Which forms are versions of one another, also under ids of their own."""

from collections.abc import Iterable, Sequence

from accord.delivery.desk import Desk
from accord.delivery.rivals import resource_of
from accord.domain.forms import Submission, SubmissionRef
from accord.domain.relay import Prepared


class Lineage:
    """
    Follows `relatesTo: replaces` from form to form, over any number of replacements.

    What one sweep has read tells the links between new forms; the ledger knows older ones.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._replaces: dict[str, str] = {}

    def learn(self, page: Iterable[Submission]) -> None:
        """Keep which form replaces which; also of forms that are submitted no longer."""
        for one in page:
            if one.replaces:
                self._replaces[_identity(one.ref)] = one.replaces

    def chained(self, items: Sequence[Prepared]) -> tuple[Prepared, ...]:
        """Give the items, each in the chain of the form that it replaces in the end."""
        paths = {item.key: self._path(resource_of(item.source)) for item in items}
        related = {name for path in paths.values() if len(path) > 1 for name in path}
        known = self._desk.ledger.chains_of(self._desk.slug, related) if related else {}

        def chain_of(item: Prepared) -> str:
            path = paths[item.key]
            there = next((known[name] for name in path if name in known), None)
            return there or self._desk.chain_named(path[-1])

        return tuple(
            item.model_copy(update={"chain": chain_of(item)}) if len(paths[item.key]) > 1 else item
            for item in items
        )

    def _path(self, identity: str) -> list[str]:
        """Give a form and what it replaces, one after the other; a circle ends where it closes."""
        path = [identity]
        while (before := self._replaces.get(path[-1])) is not None and before not in path:
            path.append(before)
        return path


def _identity(ref: SubmissionRef) -> str:
    return f"{ref.source}/{ref.id}"
