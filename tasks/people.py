"""What people decide about single effects and modes; each a move in the ledger, audited."""

from prefect import task

from accord.delivery.asking import note_word
from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.identifiers import EffectKey
from accord.ledger.audit import AuditEntry
from accord.ledger.errors import UnknownEffect
from accord.ledger.humantasks import TaskRow, TaskState
from accord.ledger.records import EffectRow
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT


@task(name="release effect", **PATIENT)
@guarded
def release_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Plan a held effect again: the rules will not hold it a second time.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or it is not held.
    """
    return _move(organization, key, EffectState.PLANNED, EffectState.HELD, who, why)


@task(name="replan effect", **PATIENT)
@guarded
def replan_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Plan a rejected or parked effect again: a person has looked, and it is not at the peer.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or nothing stopped it.
    """
    return _move(organization, key, EffectState.PLANNED, None, who, why)


@task(name="attest effect", **PATIENT)
@guarded
def attest_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Write down that a person has done by hand, or seen at the peer, what the effect is about.

    What has landed and only a person can see becomes verified on the rung `attested`.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or it is not a person's to attest.
    """
    with desk_of(organization) as desk:
        landed = desk.ledger.effect(key).state is EffectState.LANDED
    to = EffectState.VERIFIED if landed else EffectState.DONE_BY_HAND
    rung = Rung.ATTESTED if landed else None
    return _move(organization, key, to, None, who, why, rung)


@task(name="attest task", **PATIENT)
@guarded
def attest_human_task(organization: str, task: str, who: str, why: str) -> TaskRow:
    """
    Write down that a person says a human task is done; said before, it stays as it was said.

    Raises:
        UnknownEffect: the organization has no such task.
    """
    with desk_of(organization) as desk:
        if task not in {each.id for each in desk.ledger.tasks(organization, list(TaskState))}:
            raise UnknownEffect(task)
        row = desk.ledger.attest(task, who=who, why=why)
        said = AuditEntry(at=desk.now(), actor=who, action="attest", what=task, outcome=row.kind)
        desk.ledger.audit([said])
    return row


@task(name="switch mode", **PATIENT)
@guarded
def switch_mode(organization: str, process: str, mode: str, who: str, why: str) -> Mode:
    """Set the mode of one process; it acts on the very next send."""
    with desk_of(organization) as desk:
        desk.ledger.set_mode(organization, process, Mode(mode), who=who, why=why)
        desk.ledger.audit(
            [AuditEntry(at=desk.now(), actor=who, action="set-mode", what=process, outcome=mode)]
        )
    return Mode(mode)


def _move(  # noqa: PLR0913 (a move's own words)
    organization: str,
    key: str,
    to: EffectState,
    expected: EffectState | None,
    who: str,
    why: str,
    rung: Rung | None = None,
) -> EffectRow:
    with desk_of(organization) as desk:
        row = desk.ledger.move(key, to, who=who, why=why, expected=expected, rung=rung)
        if to in (EffectState.DONE_BY_HAND, EffectState.VERIFIED):
            desk.outbox.forget([EffectKey(key)])
            note_word(desk, EffectKey(key), who, why)
        desk.ledger.audit(
            [
                AuditEntry(
                    at=desk.now(),
                    actor=who,
                    action="decide",
                    entity=row.subject,
                    what=key,
                    outcome=to.replace(" ", "-"),
                )
            ]
        )
    return row
