"""A run's plan: what each observed form calls for, judged before it is written."""

from collections.abc import Mapping, Sequence

from accord.delivery.desk import Desk
from accord.delivery.entering import Looked, enter, look_of
from accord.delivery.outbox import tidy
from accord.delivery.partial import LOOK, tell_of_places
from accord.delivery.recognising import not_looked_at
from accord.delivery.replacing import earlier_of
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
from accord.ledger.records import EffectRow, Move
from accord.quality.gate import CannotJudge, screen
from accord.quality.plans import PLAN, plan_facts


def _judged(
    desk: Desk, items: Sequence[Prepared], looked: Mapping[EffectKey, Looked]
) -> list[Decision]:
    """Decide what each item calls for, oldest first, and judge the plan before it is written."""
    ordered = sorted(items, key=lambda item: item.source_updated_at)
    chains = desk.ledger.chains(desk.slug, {item.chain for item in ordered}) if ordered else {}
    decisions = [
        decide(
            item, look_of(looked, item.key).found, _earlier(desk, item, chains.get(item.chain, ()))
        )
        for item in ordered
    ]
    broken = screen(plan_facts(ordered, decisions), PLAN).held
    if broken:
        rule = next(iter(broken.values()))[0]
        raise CannotJudge(PLAN.name, rule, PLAN.rule(rule).what_to_do_en)
    return decisions


def _earlier(desk: Desk, item: Prepared, chain: Sequence[EffectRow]) -> tuple[Earlier, ...]:
    return tuple(
        earlier_of(desk, row)
        for row in chain
        if row.key != item.key
        and (row.source_updated_at is None or row.source_updated_at <= item.source_updated_at)
    )


def _delivered_meanwhile(
    items: Sequence[Prepared], looked: Mapping[EffectKey, Looked]
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
    may_leave: tuple[EffectKey, ...] = ()
    """What this run has looked for at PowerServer: nothing else may be sent in it."""
    unseen: tuple[EffectKey, ...] = ()
    """What could leave, had its place been shown whole: it waits, also in watch mode."""
    look_again: tuple[EffectKey, ...] = ()
    """Of a window that was asked for: verified before, and to be looked for once more."""


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
    looked = _as_people_said(desk, looked)
    decisions = _judged(desk, screened.items, looked)
    meanwhile = _delivered_meanwhile(screened.items, looked)
    if dry_run:
        desk.outbox.forget(_not_planned(desk, screened.items))
        tidy(desk.outbox, desk.ledger)  # what was prepared to be judged is not kept
        return Plan(
            effect_keys=tuple(keys),
            dry_run=True,
            would={each.key: _would(each, looked) for each in decisions}
            | {EffectKey(each.key): _bucket(each.to, each.reason) for each in meanwhile},
        )
    enter(desk, screened.items, decisions, looked)
    if meanwhile:
        desk.ledger.moves(meanwhile)
    unseen = not_looked_at(desk, looked)
    blind = {desk.powerserver_of(row.facility) for row in unseen if row.facility}
    tell_of_places(desk, LOOK, desk.file.site.powerservers, blind)
    advance(desk, observed.model_copy(update={"refs": tuple(submitted)}))
    return Plan(
        effect_keys=tuple(keys),
        may_leave=tuple(looked),
        unseen=tuple(EffectKey(row.key) for row in unseen),
        look_again=tuple(keys) if observed.is_a_window else (),
    )


def _not_planned(desk: Desk, items: Sequence[Prepared]) -> list[EffectKey]:
    """Give the items that no run has planned yet: they wait in no outbox."""
    rows = desk.ledger.effects([item.key for item in items])
    held = {key for key, row in rows.items() if row.state is EffectState.HELD}
    return [item.key for item in items if item.key not in rows or item.key in held]


def _as_people_said(desk: Desk, looked: Mapping[EffectKey, Looked]) -> Mapping[EffectKey, Looked]:
    """Let go what was ambiguous before, and a person has looked at and planned again."""
    ambiguous = [key for key, look in looked.items() if look.found is Recognition.AMBIGUOUS]
    rows = desk.ledger.effects(ambiguous) if ambiguous else {}
    said = {
        EffectKey(key)
        for key, row in rows.items()
        if row.state is EffectState.PLANNED
        and any(move.reason == AMBIGUOUS_COPY for move in desk.ledger.moves_of(key))
    }
    return {**looked, **dict.fromkeys(said, Looked(found=Recognition.ABSENT))}


def _would(decision: Decision, looked: Mapping[EffectKey, Looked]) -> Bucket:
    if decision.state is EffectState.PLANNED and decision.key not in looked:
        return Bucket.WAITING  # its place was not shown whole: it would not leave
    return _bucket(decision.state, decision.reason)


def _bucket(state: EffectState, reason: str) -> Bucket:
    return bucket(state, reason, mode=Mode.DELIVER, dry_run=True)
