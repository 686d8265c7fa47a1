"""`accord show KEY`: from an opaque key to what it is about, and whose; audited first."""

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from accord.adapters.errors import PeerError
from accord.delivery.desk import Desk
from accord.delivery.reporting import what_to_do
from accord.domain.effects import EffectState
from accord.domain.forms import Submission, SubmissionRef, Unreadable
from accord.domain.people import PatientId
from accord.ledger.audit import AuditEntry
from accord.ledger.errors import UnknownEffect
from accord.ledger.humantasks import TaskRow
from accord.ledger.records import EffectRow
from deployments.door_document import document_of, write_private
from deployments.door_entry import Visit
from deployments.door_paper import Say, facts, table, when
from deployments.door_words import state_word, words

WAITS = frozenset({EffectState.HELD, EffectState.PARKED, EffectState.REJECTED})


@dataclass(frozen=True)
class Live:
    """What OmegaAI says now of the form that an effect is about."""

    submission: Submission | None = None
    problem: str = ""
    """Why it could not be read; '' if it was, or if there is nothing to ask for."""
    is_peers_fault: bool = False


async def show(visit: Visit, key: str, say: Say, *, document: Path | None = None) -> bool:
    """
    Print all that is known of one effect; give whether OmegaAI could be asked.

    The audit trail has the look before the first line is printed, and the document's file
    before it is written.

    Raises:
        UnknownEffect: the ledger has no such key.
        OSError: the document's file cannot be written.
    """
    row = visit.desk.ledger.effect(key)
    if row.organization != visit.desk.slug:
        raise UnknownEffect(key)  # two organizations may share a database, never a door
    _audit(visit, row, "show", row.subject)
    live = await _read(visit, row)
    patient = live.submission.patient if live.submission else None
    if patient and visit.desk.name_of(patient.id) != row.subject:
        _audit(visit, row, "show", visit.desk.name_of(patient.id))  # held before anybody knew
    lines = [*_effect(visit, row), *_around(visit, row), *_whose(visit, row, live)]
    if document is not None:
        lines += _saved(visit, row, live.submission, document)
    for line in lines:
        say(line)
    return not live.is_peers_fault


def _audit(visit: Visit, row: EffectRow, action: str, entity: str) -> None:
    entry = AuditEntry(
        at=visit.desk.now(),
        actor=visit.who,
        action=action,
        peer="omegaai",
        entity=entity,
        what=row.key,
        outcome=row.state.replace(" ", "-"),
    )
    visit.desk.ledger.audit([entry])


async def _read(visit: Visit, row: EffectRow) -> Live:
    if not row.source:
        return Live(problem="retired")
    ref = SubmissionRef.parse(row.source, row.source_updated_at or row.planned_at)
    try:
        (found,) = await visit.read([ref])
    except PeerError as error:
        return Live(problem=str(error), is_peers_fault=True)
    if isinstance(found, Unreadable):
        return Live(problem=found.reason)
    return Live(submission=found)


def _effect(visit: Visit, row: EffectRow) -> list[str]:
    word, zone = words(visit.locale), visit.zone_of(row.facility)
    todo = what_to_do(row.reason, visit.locale) if row.state in WAITS else ""
    evidence = ", ".join(f"{name} {value}" for name, value in row.evidence.items() if value)
    told = [
        ("key", row.key),
        ("state", state_word(row.state, visit.locale)),
        ("reason", row.reason),
        ("todo", todo),
        ("intent", row.intent),
        ("section", row.section),
        ("document_type", row.document_type),
        ("facility", row.facility),
        ("source", row.source),
        ("rung", row.rung),
        ("evidence", evidence),
        ("digest", row.digest),
        ("attempts", row.attempts or ""),
        ("not_before", when(row.not_before, zone)),
        ("parent", row.parent),
    ]
    return [word["effect"], *facts((word[name], value) for name, value in told if value)]


def _around(visit: Visit, row: EffectRow) -> list[str]:
    word, zone, ledger = words(visit.locale), visit.zone_of(row.facility), visit.desk.ledger
    lines = ["", word["history"], *_history(visit.desk, row, zone, visit.locale)]
    versions = ledger.chain(row.organization, row.chain)
    if len(versions) > 1:
        told = [
            (each.key, state_word(each.state, visit.locale), each.reason, each.source)
            for each in versions
        ]
        head = [word[name] for name in ("key", "state", "reason", "source")]
        lines += ["", word["versions"], *_indented(table(head, told))]
    tasks = ledger.tasks_about(row.key)
    if tasks:
        head = [word[name] for name in ("task", "task_kind", "state", "since", "attested")]
        rows = [
            (each.id, each.kind, each.state, when(each.opened_at, zone), _word_of(each))
            for each in tasks
        ]
        lines += ["", word["tasks"], *_indented(table(head, rows))]
        kinds = dict.fromkeys(each.kind for each in tasks)
        lines += [f"  {kind}: {what_to_do(kind, visit.locale)}" for kind in kinds]
    return lines


def _word_of(task: TaskRow) -> str:
    """Say who attests a task, and why."""
    return f"{task.attested_by}: {task.attested_why}" if task.attested_why else task.attested_by


def _history(desk: Desk, row: EffectRow, zone: tzinfo, locale: str) -> list[str]:
    word = words(locale)
    head = [word[name] for name in ("when", "before", "after", "who", "why", "reason")]
    moves = [
        (
            *(when(move.at, zone), state_word(move.before, locale), state_word(move.after, locale)),
            *(move.who, move.why, move.reason),
        )
        for move in desk.ledger.moves_of(row.key)
    ]
    return _indented(table(head, moves))


def _whose(visit: Visit, row: EffectRow, live: Live) -> list[str]:
    word, one = words(visit.locale), live.submission
    lines = ["", word["whose"]]
    if one is None:
        return [*lines, f"  {word['unread']}: {word.get(live.problem, live.problem)}"]
    patient = one.patient
    told = [
        ("patient", _name(one)),
        ("birth_date", (patient and patient.birth_date) or ""),
        ("number", _number(patient.id) if patient else ""),
        ("form", one.title),
        ("accession", one.accession or ""),
        ("submitted", when(one.submitted_at, visit.zone_of(one.facility or row.facility))),
    ]
    lines += facts((word[name], value) for name, value in told)
    if one.newer_version:
        lines += facts([(word["newer"], one.newer_version)])
    return lines


def _name(one: Submission) -> str:
    if one.patient is None:
        return ""
    given = " ".join(filter(None, (one.patient.given, one.patient.middle)))
    return ", ".join(filter(None, (one.patient.family, given)))


def _number(patient: PatientId) -> str:
    return f"{patient.number}^^^{patient.issuer}"


def _saved(visit: Visit, row: EffectRow, submission: Submission | None, path: Path) -> list[str]:
    word = words(visit.locale)
    content, origin = document_of(visit.desk, row, submission)
    if not content:
        return ["", word["no_document"]]
    _audit(visit, row, "save-document", row.subject)
    write_private(path, content)
    return ["", f"{word['saved']} {path} ({word[origin]})"]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
