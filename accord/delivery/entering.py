"""Entering decisions into the ledger: one row for each version of a form that was observed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from accord.delivery.asking import ask, call_off
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
from accord.domain.wires import DocumentRoute
from accord.ledger.planning import may_change_subject
from accord.ledger.records import (
    UNKNOWN_SUBJECT,
    Description,
    EffectRow,
    Evidence,
    Move,
    PlannedEffect,
)

RELEASED = "the rules hold it no longer"

_CHANGES = frozenset(
    {
        (EffectState.HELD, EffectState.PLANNED),
        (EffectState.HELD, EffectState.SUPERSEDED),
        (EffectState.PLANNED, EffectState.SUPERSEDED),
        (EffectState.PLANNED, EffectState.PARKED),
        (EffectState.PLANNED, EffectState.HELD),
    }
)
"""
What a fresh look may change in a row that is there. What a person has released stays released:
the rules do not hold it a second time. What was planned and breaks a rule by now is held.
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
    moves = [
        _overtaken(key)
        for d in decisions
        if d.key not in there or there[d.key].state in _NOT_LEFT
        for key in d.supersedes
    ]
    if moves:
        desk.ledger.moves(moves)
        call_off(desk, [move.key for move in moves])
    desk.ledger.plan(effects, run=desk.run)
    _ask_people(desk, [effect for effect in effects if effect.reason == RETIRE_BY_HAND])
    _describe(desk, by_key, there)
    changed = _changed(decisions, there, looked)
    if changed:
        desk.ledger.moves(changed)


_NOT_LEFT = frozenset({EffectState.HELD, EffectState.PLANNED})


def _describe(
    desk: Desk, by_key: Mapping[EffectKey, Prepared], there: Mapping[str, EffectRow]
) -> None:
    """Fill in what was not known when a form was held, or was made anew before it ever left."""
    for key, item in by_key.items():
        row = there.get(key)
        if row is None or row.state not in _NOT_LEFT or item.held:
            continue
        if not row.is_unsent:
            continue  # it may be there: it is sent again as it was, or not at all
        told = {
            "section": item.section or "",
            "document_type": item.document_type,
            "facility": item.facility,
            "digest": item.digest,
        }
        if may_change_subject(row):
            told |= {"subject": item.subject, "barrier": item.subject}
        news = {name: value for name, value in told.items() if value != getattr(row, name)}
        news = {name: value for name, value in news.items() if value}
        if news:
            desk.ledger.describe(key, Description.model_validate(news))


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
            "subject": item.subject or UNKNOWN_SUBJECT,
            "chain": item.chain,
            "occasion": f"{item.status}/{item.source.rsplit('/', 1)[-1]}",
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
    wire = desk.wire_of(facility)
    by_message = wire.document_route is DocumentRoute.MDM and "T11" in wire.hl7.accepts
    return not (by_message and decision.parent_is_ours)


def _grace_ends(desk: Desk, item: Prepared, mode: Mode) -> datetime | None:
    # also in `watch`: what is planned now must wait if the mode becomes `back-up` next
    return None if mode is Mode.DELIVER else item.source_updated_at + desk.timings.grace


def _ask_people(desk: Desk, effects: Sequence[PlannedEffect]) -> None:
    for effect in effects:
        ask(desk, RETIRE_BY_HAND, effect.key, key=effect.key, details={"document": effect.parent})


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
    moves: list[Move] = []
    for decision in decisions:
        row = there.get(decision.key)
        if row is None:
            continue
        to, reason = decision.state, decision.reason
        if reason == CANNOT_PREPARE:
            to = EffectState.PARKED  # released by a person, so the rules do not hold it again
        if to is EffectState.PLANNED and _turned_into_a_withdrawal(row, decision):
            moves += [_move(row, to), _parked(row)]
        elif (row.state, to) in _CHANGES:
            evidence: Evidence = {**look_of(looked, decision.key).evidence}
            moves.append(_move(row, to, reason=reason, evidence=evidence))
    return moves


def _turned_into_a_withdrawal(row: EffectRow, decision: Decision) -> bool:
    """Say whether a form was held unread and is now seen to be a withdrawal: a person does it."""
    is_withdrawal = decision.intent is Intent.WITHDRAW_DOCUMENT
    return row.state is EffectState.HELD and is_withdrawal and row.intent is not decision.intent


def _move(
    row: EffectRow, to: EffectState, *, reason: str = "", evidence: Evidence | None = None
) -> Move:
    return Move(
        key=row.key,
        to=to,
        who="plan",
        why=RELEASED if row.state is EffectState.HELD else reason or "planned",
        reason=reason,
        evidence=evidence or {},
        expected=row.state,
    )


def _parked(row: EffectRow) -> Move:
    return Move(
        key=row.key,
        to=EffectState.PARKED,
        who="plan",
        why="it is a withdrawal",
        reason=RETIRE_BY_HAND,
        expected=EffectState.PLANNED,
    )
