"""What can be asked of the effects; asking changes nothing."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self

from accord.domain.effects import EffectState
from accord.ledger import queries, rows
from accord.ledger.bootclock import boot_seconds
from accord.ledger.database import Database
from accord.ledger.errors import UnknownEffect
from accord.ledger.migrate import require_current
from accord.ledger.records import EffectMoveRow, EffectRow


class EffectQuestions:
    """
    An open ledger, and the questions that its effects answer.

    Args: as `EffectLedger`.

    Raises:
        LedgerNotCurrent: the database is older or newer than this code.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime],
        boot: Callable[[], float] = boot_seconds,
    ) -> None:
        self._database = Database(url)
        self._now, self._boot = now, boot
        try:
            require_current(self._database)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def effect(self, key: str) -> EffectRow:
        """
        Give one effect.

        Raises:
            UnknownEffect: no such key.
        """
        found = self.effects([key]).get(key)
        if found is None:
            raise UnknownEffect(key)
        return found

    def effects(self, keys: Iterable[str]) -> dict[str, EffectRow]:
        """Give effects by key, those that are there."""
        with self._database.read() as connection:
            return rows.load(connection, keys)

    def open_effects(
        self, organization: str, process: str,
        states: Collection[EffectState] = queries.OPEN, *, limit: int | None = None,
    ) -> list[EffectRow]:  # fmt: skip
        """Give the effects in these states (default: all that are not over), oldest first."""
        with self._database.read() as connection:
            return queries.in_states(connection, organization, process, states, limit)

    def by_source(self, organization: str, source: str) -> list[EffectRow]:
        """Give the effects that one version of one resource called for."""
        with self._database.read() as connection:
            return queries.by_source(connection, organization, source)

    def by_digest(self, organization: str, digest: str) -> list[EffectRow]:
        """Give the effects that carry these very bytes."""
        with self._database.read() as connection:
            return queries.by_digest(connection, organization, digest)

    def chain(self, organization: str, chain: str) -> list[EffectRow]:
        """Give a chain's effects in their order."""
        with self._database.read() as connection:
            return queries.chain(connection, organization, chain)

    def chains(self, organization: str, names: Iterable[str]) -> dict[str, list[EffectRow]]:
        """Give many chains at once, each in its order."""
        with self._database.read() as connection:
            return queries.chains(connection, organization, names)

    def chains_of(self, organization: str, resources: Iterable[str]) -> dict[str, str]:
        """Give the chain of each resource (`Type/id`) of which any version has an effect."""
        with self._database.read() as connection:
            return queries.chains_of(connection, organization, resources)

    def by_digests(self, organization: str, digests: Iterable[str]) -> list[EffectRow]:
        """Give the effects that carry any of these bytes."""
        with self._database.read() as connection:
            return queries.by_digests(connection, organization, digests)

    def of_subjects(
        self, organization: str, process: str, subjects: Iterable[str]
    ) -> list[EffectRow]:
        """Give all effects about these subjects, whatever has become of them."""
        with self._database.read() as connection:
            return queries.of_subjects(connection, organization, process, subjects)

    def counts(self, organization: str, process: str) -> dict[EffectState, int]:
        """Count effects by state."""
        with self._database.read() as connection:
            return queries.counts(connection, organization, process)

    def waiting_behind(self, key: str) -> list[EffectRow]:
        """Give what waits behind this effect in its chain."""
        with self._database.read() as connection:
            return queries.waiting_behind(connection, key)

    def moves_of(self, key: str) -> list[EffectMoveRow]:
        """Give the log of an effect's moves, birth first."""
        with self._database.read() as connection:
            return queries.moves_of(connection, key)
