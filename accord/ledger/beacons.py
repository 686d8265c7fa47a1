"""Objects known to be at a peer: finding one proves that the way to look is alive."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from accord.domain.base import Record
from accord.domain.identifiers import Uid
from accord.ledger.database import lock
from accord.ledger.tables import BEACON

KEPT = 8
"""Per PowerServer; a known object may be deleted there, all of them hardly."""


class KnownObject(Record):
    """An object seen at a PowerServer, and when last."""

    organization: str
    powerserver: str
    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid
    seen_at: datetime


def put(connection: Connection, known: KnownObject) -> None:
    """Keep the object, or that it was seen again; the oldest beyond a few are forgotten."""
    lock(connection, f"beacons of {known.organization}/{known.powerserver}")
    here = (BEACON.c.organization == known.organization, BEACON.c.powerserver == known.powerserver)
    is_it = (*here, BEACON.c.sop_uid == known.sop_uid)
    values = known.model_dump()
    if connection.execute(update(BEACON).where(*is_it).values(values)).rowcount == 0:
        connection.execute(insert(BEACON).values(values))
    newest = select(BEACON.c.sop_uid).where(*here).order_by(BEACON.c.seen_at.desc()).limit(KEPT)
    kept = list(connection.execute(newest).scalars())
    connection.execute(delete(BEACON).where(*here, BEACON.c.sop_uid.not_in(kept)))


def get(connection: Connection, organization: str, powerserver: str) -> list[KnownObject]:
    """Give the known objects, the one seen last first."""
    query = (
        select(BEACON)
        .where(BEACON.c.organization == organization, BEACON.c.powerserver == powerserver)
        .order_by(BEACON.c.seen_at.desc(), BEACON.c.sop_uid)
    )
    return [KnownObject.model_validate(dict(row)) for row in connection.execute(query).mappings()]
