"""What an order becomes when its turn comes: does it replace what is there, and since when?"""

from zoneinfo import ZoneInfo

from accord.delivery.desk import Desk
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent
from accord.domain.relay import ALREADY_THERE, PRESENT_AT_PEER
from accord.domain.titles import title_of
from accord.ledger.records import Claim, EffectRow


def for_its_chain(desk: Desk, claim: Claim, order: DocumentOrder) -> DocumentOrder:
    """
    Give the order as it has to go now, by what has become of the versions before it.

    An effect is claimed only as the head of its chain, so the answer is final: an earlier
    version is there, or it is not.
    """
    row = claim.effect
    parent = _there_before(desk, row) if row.position else None
    if parent is None or parent.source_updated_at is None:
        return order
    facility = next(f for f in desk.file.organization.facilities if f.slug == row.facility)
    zone = ZoneInfo(facility.time_zone)
    ours = parent.state is not EffectState.SUPERSEDED
    return order.model_copy(
        update={
            "intent": _intent(row),
            "parent_key": parent.key if ours else None,
            "title": title_of(
                order.kind,
                order.form,
                submitted_at=order.submitted_at.astimezone(zone),
                replaces=parent.source_updated_at.astimezone(zone),
                locale=desk.file.site.locale,
            ),
        }
    )


def _there_before(desk: Desk, row: EffectRow) -> EffectRow | None:
    earlier = [
        before
        for before in desk.ledger.chain(row.organization, row.chain)
        if before.position < row.position
    ]
    there = [
        before
        for before in earlier
        if before.state in PRESENT_AT_PEER or before.reason == ALREADY_THERE
    ]
    return there[-1] if there else None


def _intent(row: EffectRow) -> Intent:
    is_withdrawal = row.intent is Intent.WITHDRAW_DOCUMENT
    return Intent.WITHDRAW_DOCUMENT if is_withdrawal else Intent.REPLACE_DOCUMENT
