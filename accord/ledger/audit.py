"""
Who touched which patient's data: a chain in which every entry seals the ones before it.

Each entry's MAC covers its own fields, its number and the MAC before it, with a key that only
the site has. Cutting off the end is seen against a head that was written down elsewhere: each
run's report carries one.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, StringConstraints
from sqlalchemy import Connection, String, func, insert, select, type_coerce

from accord.domain.base import Record
from accord.ledger.database import lock
from accord.ledger.errors import AuditBroken, LedgerOfAnotherKey
from accord.ledger.records import Code, IdOrNothing, Short
from accord.ledger.tables import AUDIT

PAGE = 1000
_FIELDS = ("actor", "action", "peer", "entity", "what", "outcome")


class AuditEntry(Record):
    """One touch of one patient's data, or one act of a person on the ledger."""

    at: AwareDatetime
    actor: Annotated[Short, StringConstraints(min_length=1)]
    """Who: a flow with its run's id, or a person as they declared themselves."""
    action: Code
    """`read`, `write`, `show`, `set-mode`, …"""
    peer: Code = ""
    entity: IdOrNothing = ""
    """Opaque name of the patient (`accord.domain.keys.opaque`), never a number."""
    what: IdOrNothing = ""
    """An effect's key or a source."""
    outcome: Code = ""


class AuditHead(Record):
    """The last entry's number and MAC: what a report carries, to be compared later."""

    seq: int
    mac: str


EMPTY = AuditHead(seq=0, mac="")


def audit_key(site_key: bytes) -> bytes:
    """Derive the trail's own key, so that it serves for nothing else."""
    return hmac.new(site_key, b"accord audit trail 1", hashlib.sha256).digest()


def append(connection: Connection, key: bytes, entries: Sequence[AuditEntry]) -> AuditHead:
    """Add entries to the end of the trail, one appender at a time; give the new head."""
    lock(connection, "audit trail")
    current = head(connection)
    rows = []
    for entry in entries:
        fields = entry.model_dump()
        mac = _mac(key, current, fields)
        current = AuditHead(seq=current.seq + 1, mac=mac)
        rows.append({**fields, "seq": current.seq, "mac": mac})
    if rows:
        connection.execute(insert(AUDIT), rows)
    return current


def head(connection: Connection) -> AuditHead:
    """Give the trail's last entry."""
    query = select(AUDIT.c.seq, AUDIT.c.mac).order_by(AUDIT.c.seq.desc()).limit(1)
    found = connection.execute(query).one_or_none()
    return EMPTY if found is None else AuditHead(seq=found.seq, mac=found.mac)


def verify(connection: Connection, key: bytes, reported: AuditHead | None) -> AuditHead:
    """
    Check every entry, and that the trail still holds the head that a report once carried.

    Raises:
        AuditBroken: with the number of the first entry that was changed, removed or moved.
    """
    current = EMPTY
    seen = reported is None or reported == EMPTY
    for row in _rows(connection):
        if row["seq"] != current.seq + 1:
            raise AuditBroken(current.seq + 1, "missing, or its number was changed")
        if not hmac.compare_digest(_mac(key, current, row), row["mac"]):
            raise AuditBroken(row["seq"], "its content, or what stood before it, was changed")
        current = AuditHead(seq=row["seq"], mac=row["mac"])
        seen = seen or current == reported
    if not seen and reported is not None:
        raise AuditBroken(min(reported.seq, current.seq + 1), "the reported head is not there")
    return current


def require_seal(connection: Connection, key: bytes) -> None:
    """
    See that the trail is empty or was begun with this key; one entry is read.

    Raises:
        LedgerOfAnotherKey: two keys in one trail would break it for both.
    """
    first = next(_rows(connection), None)
    if first is not None and not hmac.compare_digest(_mac(key, EMPTY, first), first["mac"]):
        raise LedgerOfAnotherKey


def _mac(key: bytes, before: AuditHead, fields: dict[str, Any]) -> str:
    at = fields["at"]
    at = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else str(at)
    sealed = [before.seq + 1, before.mac, at, *(fields[name] for name in _FIELDS)]
    return hmac.new(key, json.dumps(sealed).encode(), hashlib.sha256).hexdigest()


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    """Read the trail by pages, times as text: what is no time any more must not stop the reader."""
    as_text = (
        type_coerce(AUDIT.c.at, String)
        if connection.dialect.name == "sqlite"
        else func.coalesce(
            func.to_char(func.timezone("UTC", AUDIT.c.at), "YYYY-MM-DD HH24:MI:SS.US"), ""
        )
    )
    columns = [AUDIT.c[name] for name in ("seq", "mac", *_FIELDS)]
    last = -(2**31)  # a row slipped in before the first is found too
    while True:
        query = (
            select(*columns, as_text.label("at"))
            .where(AUDIT.c.seq > last)
            .order_by(AUDIT.c.seq)
            .limit(PAGE)
        )
        page = connection.execute(query).mappings().all()
        for mapping in page:
            yield {**mapping, "at": _time(mapping["at"])}
        if len(page) < PAGE:
            return
        last = page[-1]["seq"]


def _time(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return text
