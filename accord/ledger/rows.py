"""Reading and writing rows of effects, in pages that every database takes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, select, update

from accord.ledger.records import EffectRow
from accord.ledger.tables import EFFECT

PAGE = 500
FEW = 2  # an answer and the next sending

_CHANGING = (
    *("state", "reason", "rung", "evidence", "attempts", "lease_holder", "lease_token"),
    *("lease_until", "not_before", "sent_at", "landed_at", "verified_at", "absent_at"),
    *("moved_by", "moved_why", "updated_at", "digest"),
)

_ONE = select(EFFECT).where(EFFECT.c.key == bindparam("wanted"))
_ONE_LOCKED = _ONE.with_for_update()
_SAVE = (
    update(EFFECT)
    .where(EFFECT.c.key == bindparam("row_key"))
    .values({name: bindparam(f"row_{name}") for name in _CHANGING})
)


def pages(keys: Iterable[str]) -> Iterator[list[str]]:
    """Cut names into sorted pages without repeats; a fixed order keeps lockers from deadlock."""
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), PAGE):
        yield ordered[start : start + PAGE]


def as_row(mapping: RowMapping) -> EffectRow:
    """Give a database row as a record."""
    return EffectRow.model_validate(dict(mapping))


def load(
    connection: Connection, keys: Iterable[str], *, lock: bool = False
) -> dict[str, EffectRow]:
    """Read effects by key, those that are there; `lock` keeps others off until the commit."""
    found: dict[str, EffectRow] = {}
    for page in pages(keys):
        for mapping in _page(connection, page, lock=lock):
            found[mapping["key"]] = as_row(mapping)
    return found


def _page(connection: Connection, page: list[str], *, lock: bool) -> Sequence[RowMapping]:
    if len(page) <= FEW:  # built once: half the time of one transition went into building it
        query = _ONE_LOCKED if lock else _ONE
        found = (connection.execute(query, {"wanted": key}).mappings().first() for key in page)
        return [row for row in found if row is not None]
    several = select(EFFECT).where(EFFECT.c.key.in_(page)).order_by(EFFECT.c.key)
    several = several.with_for_update() if lock else several
    return connection.execute(several).mappings().all()


def where(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[EffectRow]:
    """Read the effects that meet all conditions, oldest plan first."""
    query = (
        select(EFFECT)
        .where(*conditions)
        .order_by(EFFECT.c.planned_at, EFFECT.c.chain, EFFECT.c.position)
        .limit(limit)
    )
    return [as_row(mapping) for mapping in connection.execute(query).mappings()]


def save(connection: Connection, rows: Sequence[EffectRow]) -> None:
    """Write what may change of these effects, in one round trip where the driver can."""
    if rows:
        connection.execute(_SAVE, [_parameters(row) for row in rows])


def _parameters(row: EffectRow) -> dict[str, Any]:
    parameters = {f"row_{name}": getattr(row, name) for name in _CHANGING}
    parameters["row_key"] = row.key
    return parameters
