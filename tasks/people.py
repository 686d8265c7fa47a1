"""What people decide about single effects and modes; each a move in the ledger, audited."""

from prefect import task

from accord.delivery.asking import ANSWERED_BY_A_WORD, note_word
from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.identifiers import EffectKey
from accord.ledger.audit import AuditEntry
from accord.ledger.errors import IllegalMove, UnknownEffect, UnknownTask
from accord.ledger.humantasks import TaskRow, TaskState
from accord.ledger.records import EffectRow
from accord.quality.submissions import NEVER_RELEASED, SUBMISSIONS
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT

STOPPED = frozenset({EffectState.PARKED, EffectState.REJECTED})

WHAT_INSTEAD = {
    EffectState.HELD: "a rule holds it: mend the cause, or run release-hold",
    EffectState.PARKED: "it waits for a person: run retry-effect or done-by-hand",
    EffectState.REJECTED: "PowerServer refused it: run retry-effect or done-by-hand",
    EffectState.PLANNED: "it goes out with the next run, which its report will show",
    EffectState.CLAIMED: "a run is at work on it: wait for its report",
    EffectState.SENT: "a run is at work on it: wait for its report",
    EffectState.IN_DOUBT: "the next runs look whether it arrived: wait for their report",
    EffectState.LANDED: "the next runs read it back: wait for their report, or run done-by-hand",
    EffectState.UNVERIFIABLE: "it was sent; where it matters, look in the Document Viewer",
}
"""What to do with an effect for which a person's decision came too early, late or amiss."""


@task(name="release effect", **PATIENT)
@guarded
def release_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Plan a held effect again: the rules will not hold it a second time.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or it is not held.
        NotForAWord: by a rule that tells whose the form is.
    """
    rule = _required(organization, key, frozenset({EffectState.HELD}), EffectState.PLANNED).reason
    if rule in NEVER_RELEASED:
        raise NotForAWord(key, rule, SUBMISSIONS.rule(rule).what_to_do_en)
    return _move(organization, key, EffectState.PLANNED, EffectState.HELD, who, why)


@task(name="replan effect", **PATIENT)
@guarded
def replan_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Plan a rejected or parked effect again: a person has looked, and it is not at the peer.

    What the peer refused, or what never left, is prepared anew; what may have been taken is sent
    again as it was, to the byte.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or nothing stopped it: what is in
            doubt is for the read-back, not for a person, to resolve.
    """
    with desk_of(organization) as desk:
        state = _required(organization, key, STOPPED, EffectState.PLANNED).state
        row = _move(organization, key, EffectState.PLANNED, state, who, why)
        if row.is_unsent or state is EffectState.REJECTED:
            desk.outbox.forget([EffectKey(key)])  # it is made anew, from what stands now
    return row


@task(name="attest effect", **PATIENT)
@guarded
def attest_effect(organization: str, key: str, who: str, why: str) -> EffectRow:
    """
    Write down that a person has done by hand, or seen at the peer, what the effect is about.

    What has landed and only a person can see becomes verified on the rung `attested`.

    Raises:
        UnknownEffect, IllegalMove: there is no such effect, or it is not a person's to attest.
    """
    states = STOPPED | {EffectState.HELD, EffectState.LANDED}
    before = _required(organization, key, states, EffectState.DONE_BY_HAND)
    landed = before.state is EffectState.LANDED
    to = EffectState.VERIFIED if landed else EffectState.DONE_BY_HAND
    rung = Rung.ATTESTED if landed else None
    return _move(organization, key, to, None, who, why, rung)


class NotForAWord(Exception):
    """A rule holds this that nobody's word may stand over: the cause has to be mended."""

    def __init__(self, key: str, rule: str, fix: str) -> None:
        super().__init__(key, rule, fix)
        self.key, self.rule, self.fix = key, rule, fix

    def __str__(self) -> str:
        return (
            f"effect {self.key} is held by {self.rule}, which cannot be released: {self.fix} The "
            "next run then lets it go by itself; or carry it over by hand and run done-by-hand"
        )


class EndsWithItsEffect(Exception):
    """This task is over when its effect is: the word to give is about the effect."""

    def __init__(self, task: str, key: str) -> None:
        super().__init__(task, key)
        self.task, self.key = task, key

    def __str__(self) -> str:
        return f"task {self.task} ends with its effect: run done-by-hand with key {self.key}"


@task(name="attest task", **PATIENT)
@guarded
def attest_human_task(organization: str, task: str, who: str, why: str) -> TaskRow:
    """
    Write down that a person says a human task is done; said before, it stays as it was said.

    Raises:
        UnknownTask: the organization has no such task.
        EndsWithItsEffect: `done-by-hand` ends it, by its effect's key.
    """
    with desk_of(organization) as desk:
        known = {each.id: each for each in desk.ledger.tasks(organization, list(TaskState))}
        if task not in known:
            raise UnknownTask(task)
        before = known[task]
        if before.kind in ANSWERED_BY_A_WORD:
            raise EndsWithItsEffect(task, before.key or "")
        row = desk.ledger.attest(task, who=who, why=why)
        if before.state is not TaskState.OPEN:
            return row  # said before, by somebody else perhaps: theirs is the word that stands
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


def _required(
    organization: str, key: str, states: frozenset[EffectState], to: EffectState
) -> EffectRow:
    """
    Give the organization's effect if it is in one of `states`.

    Raises:
        UnknownEffect, IllegalMove: the second says what to do instead.
    """
    with desk_of(organization) as desk:
        row = desk.ledger.effect(key)
    if row.organization != organization:
        raise UnknownEffect(key)  # two organizations may share a database, never a decision
    if row.state not in states:
        over = "it is over, and nothing more is to be done"
        raise IllegalMove(key, row.state, to, WHAT_INSTEAD.get(row.state, over))
    return row


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
