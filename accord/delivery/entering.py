"""Entering decisions into the ledger: one row for each version of a form that was observed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from accord.delivery.desk import Desk
from accord.domain.base import Record
from accord.domain.effects import EffectState, Intent, Mode
from accord.domain.identifiers import EffectKey
from accord.domain.relay import (
    CANNOT_PREPARE,
    NEWER_VERSION,
    RETIRE_BY_HAND,
    Decision,
    Prepared,
    Recognition,
)
from accord.ledger.humantasks import TaskToOpen
from accord.ledger.records import EffectRow, Move, PlannedEffect

RELEASED = "the rules hold it no longer"

_CHANGES = frozenset(
    {
        (EffectState.HELD, EffectState.PLANNED),
        (EffectState.HELD, EffectState.SUPERSEDED),
        (EffectState.PLANNED, EffectState.SUPERSEDED),
        (EffectState.PLANNED, EffectState.PARKED),
    }
)
"""
What a fresh look may change in a row that is there. What a person has released stays released:
the rules do not hold it a second time.
"""


class Looked(Record):
    """What looking for one form at PowerServer gave, before anything was sent."""

    found: Recognition
    evidence: dict[str, str] = {}
    """UIDs of what was recognised."""


def enter(
    desk: Desk,
    items: Sequence[Prepared],
    decisions: Sequence[Decision],
    looked: Mapping[EffectKey, Looked],
) -> None:
    """
    Enter a plan's decisions into the ledger.

    Rows that are there already stay, but a held one whose rules are content now goes on, and a
    planned one that the vendor has delivered meanwhile is superseded.
    """
    by_key = {item.key: item for item in items}
    there = desk.ledger.effects([decision.key for decision in decisions])
    new = [decision for decision in decisions if decision.key not in there]
    mode = desk.ledger.mode(desk.slug, desk.process)
    effects = [_effect(desk, by_key[d.key], d, look_of(looked, d.key), mode) for d in new]
    desk.ledger.moves([_overtaken(key) for d in new for key in d.supersedes])
    desk.ledger.plan(effects, run=desk.run)
    _ask_people(desk, [effect for effect in effects if effect.reason == RETIRE_BY_HAND])
    desk.ledger.moves(_changed(decisions, there, looked))


def look_of(looked: Mapping[EffectKey, Looked], key: EffectKey) -> Looked:
    """Give what looking for one form gave; what was not looked for counts as absent."""
    return looked.get(key, Looked(found=Recognition.ABSENT))


def _effect(
    desk: Desk, item: Prepared, decision: Decision, looked: Looked, mode: Mode
) -> PlannedEffect:
    disposition, reason = decision.state, decision.reason
    if _only_a_person_can(desk, item, decision):
        disposition, reason = EffectState.PARKED, RETIRE_BY_HAND
    return PlannedEffect.model_validate(
        {
            "key": item.key,
            "organization": desk.slug,
            "process": desk.process,
            "intent": decision.intent,
            "subject": item.subject or "unknown",
            "chain": item.chain,
            "occasion": item.source.rsplit("/", 1)[-1],
            "source": item.source,
            "source_updated_at": item.source_updated_at,
            "section": item.section or "",
            "document_type": item.document_type,
            "facility": item.facility,
            "digest": item.digest,
            "parent": decision.parent or "",
            "barrier": item.subject,
            "not_before": _grace_ends(desk, item, mode),
            "disposition": disposition,
            "reason": reason,
            "evidence": looked.evidence,
        }
    )


def _only_a_person_can(desk: Desk, item: Prepared, decision: Decision) -> bool:
    if decision.intent is not Intent.WITHDRAW_DOCUMENT:
        return False
    if decision.state is not EffectState.PLANNED:
        return False
    facility = item.facility or desk.file.organization.facilities[0].slug
    return "T11" not in desk.wire_of(facility).hl7.accepts


def _grace_ends(desk: Desk, item: Prepared, mode: Mode) -> datetime | None:
    return item.source_updated_at + desk.timings.grace if mode is Mode.BACK_UP else None


def _ask_people(desk: Desk, effects: Sequence[PlannedEffect]) -> None:
    for effect in effects:
        desk.ledger.open_task(
            TaskToOpen(
                organization=desk.slug,
                process=desk.process,
                kind=RETIRE_BY_HAND,
                about=effect.key,
                key=effect.key,
                source=effect.source,
                details={"document": effect.parent},
            )
        )


def _overtaken(key: EffectKey) -> Move:
    return Move(
        key=key,
        to=EffectState.SUPERSEDED,
        who="plan",
        why="a newer version took its place before it left",
        reason=NEWER_VERSION,
    )


def _changed(
    decisions: Sequence[Decision],
    there: Mapping[str, EffectRow],
    looked: Mapping[EffectKey, Looked],
) -> list[Move]:
    moves = []
    for decision in decisions:
        row, to = there.get(decision.key), decision.state
        if decision.reason == CANNOT_PREPARE:
            to = EffectState.PARKED  # released by a person, so the rules do not hold it again
        if row is None or (row.state, to) not in _CHANGES:
            continue
        moves.append(
            Move(
                key=decision.key,
                to=to,
                who="plan",
                why=RELEASED if row.state is EffectState.HELD else decision.reason,
                reason=decision.reason,
                evidence=dict(look_of(looked, decision.key).evidence),
                expected=row.state,
            )
        )
    return moves
