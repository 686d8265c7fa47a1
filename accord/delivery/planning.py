"""A run's plan: what each observed form calls for, judged before it is written."""

from collections.abc import Mapping, Sequence

from accord.delivery.desk import Desk
from accord.delivery.entering import Looked, enter, look_of
from accord.delivery.screening import Screened
from accord.delivery.sweeping import Observed, advance
from accord.domain.base import Record
from accord.domain.buckets import bucket
from accord.domain.effects import EffectState, Mode
from accord.domain.identifiers import EffectKey
from accord.domain.relay import (
    ALREADY_THERE,
    AMBIGUOUS_COPY,
    Decision,
    Earlier,
    Prepared,
    Recognition,
    decide,
)
from accord.domain.totals import Bucket
from accord.ledger.records import Move
from accord.quality.gate import CannotJudge, screen
from accord.quality.plans import PLAN, plan_facts


def _judged(
    desk: Desk, items: Sequence[Prepared], looked: Mapping[EffectKey, Looked]
) -> list[Decision]:
    """Decide what each item calls for, oldest first, and judge the plan before it is written."""
    ordered = sorted(items, key=lambda item: item.source_updated_at)
    decisions = [
        decide(item, look_of(looked, item.key).found, _earlier(desk, item)) for item in ordered
    ]
    broken = screen(plan_facts(ordered, decisions), PLAN).held
    if broken:
        rule = next(iter(broken.values()))[0]
        raise CannotJudge(PLAN.name, rule, PLAN.rule(rule).what_to_do_en)
    return decisions


def _earlier(desk: Desk, item: Prepared) -> tuple[Earlier, ...]:
    return tuple(
        Earlier(key=row.key, state=row.state, reason=row.reason, digest=row.digest)
        for row in desk.ledger.chain(desk.slug, item.chain)
        if row.key != item.key
        and (row.source_updated_at is None or row.source_updated_at <= item.source_updated_at)
    )


def _delivered_meanwhile(
    desk: Desk, items: Sequence[Prepared], looked: Mapping[EffectKey, Looked]
) -> list[Move]:
    """Move on what earlier runs planned and the vendor has delivered since."""
    fresh = {item.key for item in items}
    earlier = {key: look for key, look in looked.items() if key not in fresh}
    to = {
        Recognition.THERE: (EffectState.SUPERSEDED, ALREADY_THERE),
        Recognition.AMBIGUOUS: (EffectState.PARKED, AMBIGUOUS_COPY),
    }
    return [
        Move(
            key=key,
            to=to[look.found][0],
            who="plan",
            why="a look before sending",
            reason=to[look.found][1],
            evidence=dict(look.evidence),
            expected=EffectState.PLANNED,
        )
        for key, look in earlier.items()
        if look.found in to
    ]


class Plan(Record):
    """What one run means to do, and where each observed item stands; opaque keys only."""

    effect_keys: tuple[EffectKey, ...] = ()
    """Effects of this run's items."""
    dry_run: bool = False
    would: dict[EffectKey, Bucket] = {}
    """Dry run only: where each item that has no row yet would stand."""


def plan_sweep(
    desk: Desk,
    observed: Observed,
    screened: Screened,
    looked: Mapping[EffectKey, Looked],
    *,
    dry_run: bool,
) -> Plan:
    """
    Plan what one sweep calls for, and move the watermark once every item has its row.

    Raises:
        CannotJudge: the plan itself breaks a rule; nothing is written.
    """
    submitted = [ref for ref in observed.refs if desk.key_of(ref) not in screened.not_submitted]
    keys = dict.fromkeys([*map(desk.key_of, submitted), *observed.open_keys])
    decisions = _judged(desk, screened.items, looked)
    if dry_run:
        return Plan(
            effect_keys=tuple(keys), dry_run=True, would={d.key: _would(d) for d in decisions}
        )
    enter(desk, screened.items, decisions, looked)
    desk.ledger.moves(_delivered_meanwhile(desk, screened.items, looked))
    advance(desk, observed.model_copy(update={"refs": tuple(submitted)}))
    return Plan(effect_keys=tuple(keys))


def _would(decision: Decision) -> Bucket:
    return bucket(decision.state, decision.reason, mode=Mode.DELIVER, dry_run=True)
