"""What an order becomes when its turn comes: does it replace what is there, and since when?"""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from accord.adapters.powerserver import Unsendable
from accord.delivery.asking import RETIRE_OLD_VERSION, ask
from accord.delivery.desk import Desk
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent
from accord.domain.relay import (
    CHANGED_SINCE_PLANNED,
    NEWER_VERSION,
    NOTHING_TO_WITHDRAW,
    RETIRE_BY_HAND,
    UNCHANGED,
    Earlier,
    is_overtaken,
    standing,
)
from accord.domain.titles import title_of
from accord.domain.wires import DocumentRoute
from accord.ledger.records import EffectRow


class NotCalledFor(Exception):
    """By now nothing has to be done; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def for_its_chain(
    desk: Desk, row: EffectRow, order: DocumentOrder, chain: Sequence[EffectRow]
) -> DocumentOrder:
    """
    Give the order as it has to go now, by what has become of the versions around it.

    An effect is claimed only as the head of its chain, so the answer is final: an earlier
    version is there, or it is not. A later one can have gone before it: on-call plans again
    what was given up, and meanwhile the chain has moved on.

    Raises:
        NotCalledFor: a newer version has gone, there is nothing to withdraw, or what is there
            has the same content.
        Unsendable: only a person can do it, or it is no longer what was planned.
    """
    if order.digest != row.digest:
        raise Unsendable(CHANGED_SINCE_PLANNED)
    if is_overtaken([earlier_of(desk, each) for each in chain if each.position > row.position]):
        raise NotCalledFor(NEWER_VERSION)
    parent = standing_before(row, chain)
    if row.intent is Intent.WITHDRAW_DOCUMENT and parent is None:
        raise NotCalledFor(NOTHING_TO_WITHDRAW)
    if parent is None:
        return order
    if row.intent is not Intent.WITHDRAW_DOCUMENT and parent.digest == row.digest:
        raise NotCalledFor(UNCHANGED)
    if row.intent is Intent.WITHDRAW_DOCUMENT and not takes(desk, row, "T11", parent):
        raise Unsendable(RETIRE_BY_HAND)
    return as_successor(desk, row, order, parent)


def as_successor(
    desk: Desk, row: EffectRow, order: DocumentOrder, parent: EffectRow
) -> DocumentOrder:
    """Give the order of a version that replaces or withdraws `parent`."""
    facility = next(f for f in desk.file.organization.facilities if f.slug == row.facility)
    zone = ZoneInfo(facility.time_zone)
    replaced_at = parent.source_updated_at or parent.planned_at  # retention empties the first
    is_withdrawal = row.intent is Intent.WITHDRAW_DOCUMENT
    return order.model_copy(
        update={
            "intent": Intent.WITHDRAW_DOCUMENT if is_withdrawal else Intent.REPLACE_DOCUMENT,
            "parent_key": parent.key if _known(parent).is_ours else None,
            "title": title_of(
                order.kind,
                order.form,
                submitted_at=order.submitted_at.astimezone(zone),
                replaces=replaced_at.astimezone(zone),
                locale=desk.file.site.locale,
            ),
        }
    )


def standing_before(row: EffectRow, chain: Sequence[EffectRow]) -> EffectRow | None:
    """Give the effect whose document PowerServer shows where `row` comes in its chain."""
    before = {each.key: each for each in chain if each.position < row.position}
    found = standing([_known(each) for each in before.values()])
    return before[found.key] if found else None


def standing_at_the_end(chain: Sequence[EffectRow]) -> EffectRow | None:
    """Give the effect whose document PowerServer shows after a whole chain."""
    found = standing([_known(each) for each in chain])
    return next(each for each in chain if each.key == found.key) if found else None


def takes(desk: Desk, row: EffectRow, event: str, parent: EffectRow) -> bool:
    """Say whether PowerServer itself replaces (T10) or withdraws (T11) `parent` for `row`."""
    wire = desk.wire_of(row.facility)
    by_message = wire.document_route is DocumentRoute.MDM and event in wire.hl7.accepts
    return by_message and _known(parent).is_ours


def ask_to_retire(desk: Desk, rows: Iterable[EffectRow]) -> None:
    """Ask a person to retire what these new versions replace and PowerServer still shows."""
    successors = [row for row in rows if row.position and row.intent is not _WITHDRAW]
    chains = desk.ledger.chains(desk.slug, {row.chain for row in successors}) if successors else {}
    for row in successors:
        parent = standing_before(row, chains[row.chain])
        if parent is not None and not takes(desk, row, "T10", parent):
            details = {"replaced": parent.key, "document": str(parent.evidence.get("sop", ""))}
            ask(desk, RETIRE_OLD_VERSION, row.key, key=row.key, details=details)


_WITHDRAW = Intent.WITHDRAW_DOCUMENT


def earlier_of(desk: Desk, row: EffectRow) -> Earlier:
    """Give what the plan has to know of an effect that stands earlier or later in a chain."""
    refused = row.state is EffectState.REJECTED and row.absent_at is None
    return _known(row, unlooked=refused and desk.is_looked_for(row))


def _known(row: EffectRow, *, unlooked: bool = False) -> Earlier:
    return Earlier(
        key=row.key,
        state=row.state,
        intent=row.intent,
        reason=row.reason,
        digest=row.digest,
        unlooked=unlooked,
    )
