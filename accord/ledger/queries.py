"""Questions about effects; none of them writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, and_, func, or_, select

from accord.domain.effects import FINISHED, EffectState
from accord.ledger.records import EffectMoveRow, EffectRow
from accord.ledger.rows import load, pages, where
from accord.ledger.tables import EFFECT, EFFECT_MOVE

OPEN = frozenset(EffectState) - FINISHED


def in_states(
    connection: Connection, organization: str, process: str,
    states: Collection[EffectState], limit: int | None,
) -> list[EffectRow]:  # fmt: skip
    """Give the effects of one organization and process in any of these states, oldest first."""
    return where(
        connection,
        EFFECT.c.organization == organization,
        EFFECT.c.process == process,
        EFFECT.c.state.in_(sorted(states)),
        limit=limit,
    )


def by_source(connection: Connection, organization: str, source: str) -> list[EffectRow]:
    """Give the effects that one version of one resource at the peer called for."""
    return where(connection, EFFECT.c.organization == organization, EFFECT.c.source == source)


def by_digest(connection: Connection, organization: str, digest: str) -> list[EffectRow]:
    """Give the effects that carry these very bytes."""
    return where(connection, EFFECT.c.organization == organization, EFFECT.c.digest == digest)


def chain(connection: Connection, organization: str, name: str) -> list[EffectRow]:
    """Give a chain's effects in their order."""
    rows = where(connection, EFFECT.c.organization == organization, EFFECT.c.chain == name)
    return sorted(rows, key=lambda row: row.position)


def chains(
    connection: Connection, organization: str, names: Iterable[str]
) -> dict[str, list[EffectRow]]:
    """Give the effects of many chains, each in its order; a chain without any is left out."""
    found: dict[str, list[EffectRow]] = defaultdict(list)
    for page in pages(names):
        for row in where(
            connection, EFFECT.c.organization == organization, EFFECT.c.chain.in_(page)
        ):
            found[row.chain].append(row)
    return {name: sorted(rows, key=lambda row: row.position) for name, rows in found.items()}


def by_digests(
    connection: Connection, organization: str, digests: Iterable[str]
) -> list[EffectRow]:
    """Give the effects that carry any of these bytes."""
    return [
        row
        for page in pages(digests)
        for row in where(
            connection, EFFECT.c.organization == organization, EFFECT.c.digest.in_(page)
        )
    ]


def of_subjects(
    connection: Connection, organization: str, process: str, subjects: Iterable[str]
) -> list[EffectRow]:
    """Give all effects about these subjects, whatever has become of them."""
    return [
        row
        for page in pages(subjects)
        for row in where(
            connection,
            EFFECT.c.organization == organization,
            EFFECT.c.process == process,
            EFFECT.c.subject.in_(page),
        )
    ]


def chains_of(
    connection: Connection, organization: str, resources: Iterable[str]
) -> dict[str, str]:
    """Give the chain of each resource (`Type/id`) of which any version has an effect."""
    found: dict[str, str] = {}
    for page in pages(resources):
        is_any = or_(
            *(EFFECT.c.source.startswith(f"{name}/_history/", autoescape=True) for name in page)
        )
        query = select(EFFECT.c.source, EFFECT.c.chain).where(
            EFFECT.c.organization == organization, is_any
        )
        for source, chain in connection.execute(query):
            found[source.partition("/_history/")[0]] = chain
    return found


def counts(connection: Connection, organization: str, process: str) -> dict[EffectState, int]:
    """Count effects by state; states without any are left out."""
    query = (
        select(EFFECT.c.state, func.count())
        .where(EFFECT.c.organization == organization, EFFECT.c.process == process)
        .group_by(EFFECT.c.state)
    )
    return {EffectState(state): count for state, count in connection.execute(query)}


def waiting_behind(connection: Connection, key: str) -> list[EffectRow]:
    """Give what stands behind an effect in its chain and is not over, in order."""
    row = load(connection, [key]).get(key)
    if row is None:
        return []
    behind = where(
        connection,
        and_(
            EFFECT.c.organization == row.organization,
            EFFECT.c.chain == row.chain,
            EFFECT.c.position > row.position,
        ),
        EFFECT.c.state.in_(sorted(OPEN)),
    )
    return sorted(behind, key=lambda later: later.position)


def moves_of(connection: Connection, key: str) -> list[EffectMoveRow]:
    """Give the log of an effect's moves, birth first."""
    query = select(EFFECT_MOVE).where(EFFECT_MOVE.c.key == key).order_by(EFFECT_MOVE.c.id)
    return [
        EffectMoveRow.model_validate({k: v for k, v in mapping.items() if k != "id"})
        for mapping in connection.execute(query).mappings()
    ]
