"""Questions of a person who looks for one thing; none of them writes."""

from sqlalchemy import Connection, select

from accord.ledger.audit import AuditHead
from accord.ledger.errors import AuditBroken
from accord.ledger.humantasks import TaskRow
from accord.ledger.records import EffectRow
from accord.ledger.rows import where
from accord.ledger.tables import AUDIT, EFFECT, HUMAN_TASK


def by_evidence(
    connection: Connection, organization: str, name: str, value: str
) -> list[EffectRow]:
    """Give the effects whose evidence has `value` under `name`, such as a document's UID."""
    return where(
        connection,
        EFFECT.c.organization == organization,
        EFFECT.c.evidence[name].as_string() == value,
    )


def tasks_about(connection: Connection, key: str) -> list[TaskRow]:
    """Give the human tasks that one effect led to, in any state, oldest first."""
    query = (
        select(HUMAN_TASK)
        .where(HUMAN_TASK.c.key == key)
        .order_by(HUMAN_TASK.c.opened_at, HUMAN_TASK.c.id)
    )
    return [TaskRow.model_validate(dict(found)) for found in connection.execute(query).mappings()]


def reported_head(connection: Connection, beginning: str) -> AuditHead:
    """
    Give the audit entry whose MAC begins as a report's head says.

    Raises:
        AuditBroken: there is none, or `beginning` could mean several.
    """
    query = select(AUDIT.c.seq, AUDIT.c.mac).where(
        AUDIT.c.mac.startswith(beginning, autoescape=True)
    )
    found = connection.execute(query.limit(2)).all()
    if len(found) != 1 or not beginning:
        raise AuditBroken(0, "the reported head is not there: entries were cut off or changed")
    return AuditHead(seq=found[0].seq, mac=found[0].mac)
