"""What a run says of itself: totals that tie out, and what waits for whom."""

from collections import Counter
from collections.abc import Mapping, Sequence

from accord.delivery.asking import ANSWERED_BY_A_WORD, ATTEST_BY_HAND, REMOVED_AFTER_LANDING
from accord.delivery.desk import Desk
from accord.delivery.planning import Plan
from accord.delivery.removed import REMOVED
from accord.delivery.sweeping import Observed
from accord.domain.buckets import bucket
from accord.domain.effects import EffectState, Intent, Mode
from accord.domain.guidance import guidance
from accord.domain.identifiers import EffectKey
from accord.domain.relay import RETIRE_BY_HAND
from accord.domain.reports import Attention, Line, RelayReport
from accord.domain.totals import NEEDS_A_PERSON, Bucket, Totals
from accord.domain.wires import ReadBack
from accord.ledger.humantasks import TaskRow
from accord.ledger.records import EffectRow
from accord.quality.submissions import SUBMISSIONS


def report_run(desk: Desk, observed: Observed, plan: Plan, not_submitted: int) -> RelayReport:
    """
    Account for every item of a run.

    Raises:
        DoesNotTieOut: an item is in no bucket; the run cannot be trusted.
    """
    rows = {key: _as_reported(desk, row) for key, row in _rows(desk, plan).items()}
    mode = desk.ledger.mode(desk.slug, desk.process)
    buckets = {key: _bucket(desk, row, mode, plan) for key, row in rows.items()} | plan.would
    totals = Totals.of(
        len(plan.effect_keys), [buckets[key] for key in plan.effect_keys if key in buckets]
    )
    before = _stopped_before(desk, rows)
    everything = {**before, **rows}
    standing = {**{key: _STOPPED[row.state] for key, row in before.items()}, **buckets}
    tasks = desk.ledger.tasks(desk.slug)
    attention = _attention(desk, everything, standing, tasks)
    asked = _asked(desk, tasks, attention)
    return RelayReport(
        organization=desk.slug,
        since=observed.since,
        until=observed.until,
        dry_run=plan.dry_run,
        mode=mode,
        totals=totals.tie_out(),
        not_submitted=not_submitted,
        verified=_lines(rows),
        attention=attention + asked,
        waiting_from_before=len(before) + sum(each.key not in rows for each in asked),
        nameless=observed.nameless,
        leaned_on=observed.leaned_on,
        audit_head=desk.ledger.audit_head().mac[:16],
    )


def _bucket(desk: Desk, row: EffectRow, mode: Mode, plan: Plan) -> Bucket:
    if row.reason in _A_PERSONS:
        return Bucket.HUMAN_TASK
    if row.state is EffectState.PLANNED and row.key in plan.unseen:
        return Bucket.WAITING
    return bucket(
        row.state,
        row.reason,
        mode=mode,
        dry_run=plan.dry_run,
        lease_is_over=row.lease_until is not None and row.lease_until <= desk.now(),
    )


_A_PERSONS = frozenset({ATTEST_BY_HAND, REMOVED_AFTER_LANDING, RETIRE_BY_HAND})
"""What the wire cannot finish: shown as a person's, whatever state the effect is in."""


_STOPPED = {EffectState.PARKED: Bucket.PARKED, EffectState.REJECTED: Bucket.REJECTED}


def _stopped_before(desk: Desk, rows: Mapping[str, EffectRow]) -> dict[str, EffectRow]:
    """Give what earlier runs had to leave to a person: no item of this run, and not forgotten."""
    stopped = desk.ledger.open_effects(desk.slug, desk.process, tuple(_STOPPED))
    return {row.key: row for row in stopped if row.key not in rows}


def _rows(desk: Desk, plan: Plan) -> dict[str, EffectRow]:
    """Give the rows of a run's items; what was verified and is gone now says so."""
    rows = desk.ledger.effects(plan.effect_keys)
    gone = {
        each.subject
        for each in desk.ledger.breaks(desk.slug, desk.process)
        if each.code == REMOVED and each.subject in rows
    }
    return rows | {
        key: rows[key].model_copy(update={"reason": REMOVED_AFTER_LANDING}) for key in gone
    }


def _as_reported(desk: Desk, row: EffectRow) -> EffectRow:
    """Say of what has landed where only a person can look that it waits for one."""
    if row.state is not EffectState.LANDED:
        return row
    by_person = desk.wire_of(row.facility).read_back is ReadBack.PERSON
    return row.model_copy(update={"reason": ATTEST_BY_HAND}) if by_person else row


def what_to_do(reason: str, locale: str) -> str:
    """Tell a person what to do about an item, by its reason: a rule's name or a short code."""
    try:
        return SUBMISSIONS.rule(reason).what_to_do(locale)
    except KeyError:
        return guidance(reason).text(locale)


def _lines(rows: Mapping[str, EffectRow]) -> tuple[Line, ...]:
    verified = Counter(
        (row.section, row.rung)
        for row in rows.values()
        if row.state is EffectState.VERIFIED and row.reason != REMOVED_AFTER_LANDING
    )
    return tuple(
        Line(section=section, rung=rung, count=count)
        for (section, rung), count in sorted(verified.items())
    )


def _attention(
    desk: Desk,
    rows: Mapping[str, EffectRow],
    buckets: Mapping[str, Bucket],
    tasks: Sequence[TaskRow],
) -> tuple[Attention, ...]:
    locale = desk.file.site.locale
    ids = {(task.key, task.kind): task.id for task in tasks if task.kind not in ANSWERED_BY_A_WORD}
    return tuple(
        Attention(
            key=row.key,
            bucket=buckets[row.key],
            reason=row.reason,
            facility=row.facility,
            what_to_do=what_to_do(_calls_for(row), locale),
            task=ids.get((row.key, row.reason), ""),
        )
        for row in sorted(rows.values(), key=lambda row: (row.reason, row.planned_at))
        if buckets[row.key] in NEEDS_A_PERSON
    )


def _calls_for(row: EffectRow) -> str:
    """Give the reason that says what to do: what is refused to be withdrawn is retired by hand."""
    refused = row.state is EffectState.REJECTED and row.intent is Intent.WITHDRAW_DOCUMENT
    return RETIRE_BY_HAND if refused else row.reason


def _asked(
    desk: Desk, tasks: Sequence[TaskRow], told: Sequence[Attention]
) -> tuple[Attention, ...]:
    """Give the tasks that people have not done yet, of whichever run, beside what is told."""
    keys, ids = {each.key for each in told}, {each.task for each in told}
    open_still = [
        task
        for task in tasks
        if task.process == desk.process
        and task.id not in ids
        and not (task.kind in ANSWERED_BY_A_WORD and task.key in keys)
    ]
    return tuple(
        Attention(
            key=EffectKey(task.key) if task.key else None,
            bucket=Bucket.HUMAN_TASK,
            reason=task.kind,
            facility="",
            what_to_do=what_to_do(task.kind, desk.file.site.locale),
            task="" if task.kind in ANSWERED_BY_A_WORD else task.id,
        )
        for task in open_still
    )
