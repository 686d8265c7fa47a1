"""The words of a plan of changes, in Portuguese and English."""

from collections.abc import Sequence

from accord.domain.hours import short_hours
from accord.domain.resources import ResourceField
from accord.setup.change_plans import ChangePlan, PlannedChange
from accord.setup.changes import Cause, Change, Verdict
from accord.setup.plan_cards import PlanCard
from tasks.markdown import listed, table

_SCREEN = "OmegaAI: Scheduler > Settings > Healthcare Service"
_LOCATIONS = "OmegaAI: Settings > Users & Facilities > Imaging Facilities > Location"

_WORDS = {
    "pt-BR": {
        "title": "Plano para o OmegaAI",
        "nothing": "nada a mudar",
        "changes": "mudanças propostas",
        "people": "para pessoas",
        "unmanaged": "Serviços que nenhum arquivo declara, deixados como estão",
        "unreadable": "Serviços que não se entendem: nada se conclui sobre eles",
        "object": "Recurso",
        "what": "O que",
        "field": "Campo",
        "from": "De",
        "to": "Para",
        "why": "Quem mudou",
        "appointments": "Agendados",
        "todo": "O que fazer",
        "screen": "Onde",
        "task": "Tarefa",
        "unknown": "não se sabe",
        "ask": "Leia o plano no artefato `{key}` e responda. Só isto será gravado, e só no que "
        "ninguém tiver mudado até lá. Quem responde é declarado: este servidor não conhece "
        "usuários. O plano vale até {until}.",
        Verdict.CREATE: "criar",
        Verdict.UPDATE: "mudar",
        Verdict.RETIRE: "desativar",
        Verdict.CONFLICT: "Mudado no arquivo e no OmegaAI: ponha no arquivo o que vale.",
        Verdict.PROTECTED: "Está protegido e saiu do arquivo: devolva a linha, ou tire a proteção.",
        Verdict.BOOKED: "Há pacientes agendados: remarque-os antes, ou devolva a linha.",
        Verdict.TWICE: "Existe duas vezes com este nome: renomeie ou desative um deles.",
        Verdict.UNPLACED: "A unidade ou a sala não existe no OmegaAI, ou existe duas vezes.",
        Verdict.MOVED: "Foi mudado enquanto se planejava: planeje de novo.",
        Verdict.UNSEEN: "O OmegaAI mostra um serviço que não se entende: pode ser este.",
        Verdict.BY_HAND: "O OmegaAI não aceita esta mudança pela rede: faça na tela.",
        Cause.FIRST: "primeira vez",
        Cause.FILE: "o arquivo",
        Cause.SYSTEM: "alguém no OmegaAI",
        Cause.BOTH: "os dois",
    },
    "en-US": {
        "title": "Plan for OmegaAI",
        "nothing": "nothing to change",
        "changes": "changes proposed",
        "people": "for people",
        "unmanaged": "Services that no file declares, left as they are",
        "unreadable": "Services that cannot be understood: nothing is concluded about them",
        "object": "Resource",
        "what": "What",
        "field": "Field",
        "from": "From",
        "to": "To",
        "why": "Who changed it",
        "appointments": "Booked",
        "todo": "What to do",
        "screen": "Where",
        "task": "Task",
        "unknown": "not known",
        "ask": "Read the plan in the artifact `{key}` and answer. Only this will be written, and "
        "only where nobody has changed it by then. Who answers is declared: this server knows no "
        "users. The plan holds until {until}.",
        Verdict.CREATE: "create",
        Verdict.UPDATE: "change",
        Verdict.RETIRE: "retire",
        Verdict.CONFLICT: "Changed in the file and in OmegaAI: write into the file what holds.",
        Verdict.PROTECTED: "It is protected and left the file: put the line back, or unprotect it.",
        Verdict.BOOKED: "Patients are booked on it: move them first, or put the line back.",
        Verdict.TWICE: "It is there twice under this name: rename or retire one of them.",
        Verdict.UNPLACED: "Its facility or room is not at OmegaAI, or is there twice.",
        Verdict.MOVED: "It was changed while the plan was made: plan again.",
        Verdict.UNSEEN: "OmegaAI shows a service that cannot be understood: it may be this one.",
        Verdict.BY_HAND: "OmegaAI does not take this change over the wire: make it on the screen.",
        Cause.FIRST: "first time",
        Cause.FILE: "the file",
        Cause.SYSTEM: "somebody at OmegaAI",
        Cause.BOTH: "both",
    },
}


def plan_line(plan: ChangePlan, locale: str) -> str:
    """Say in one line what a plan comes to."""
    words = _WORDS[locale]
    if plan.is_settled:
        return words["nothing"]
    return (
        f"{words['changes']} {len(plan.items)}, {words['people']} "
        f"{len(plan.refused) + len(plan.unreadable)}"
    )


def plan_page(plan: ChangePlan, cards: Sequence[PlanCard], locale: str) -> str:
    """Write a plan as Markdown: what, where, from, to, and who is booked on it."""
    words = _WORDS[locale]
    lines = [f"# {words['title']}", "", f"**{plan_line(plan, locale)}**", ""]
    if plan.items:
        head = [words[n] for n in ("object", "what", "field", "from", "to", "why", "appointments")]
        lines += table(head, [row for item in plan.items for row in _rows(item, locale)])
    if cards:
        lines += [f"## {words['people'].capitalize()}", ""]
        lines += listed(card_rows(cards, locale), words["object"])
    for name in ("unmanaged", "unreadable"):
        ids = getattr(plan, name)
        if ids:
            lines += [f"{words[name]}: {', '.join(ids)}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(item: PlannedChange, locale: str) -> list[list[str]]:
    words, change = _WORDS[locale], item.change
    booked = words["unknown"] if change.booked is None else str(change.booked)
    what = [change.key, words[change.verdict]]
    fields = [
        [f.name, short_hours(f.before), short_hours(f.after), words[f.cause]]
        if f.name == ResourceField.HOURS
        else [f.name, f.before, f.after, words[f.cause]]
        for f in change.fields
    ]
    return [[*what, *field, booked] for field in fields or [["", "", "", ""]]]


def question(key: str, until: str, locale: str) -> str:
    """Say to who approves what their yes means."""
    return _WORDS[locale]["ask"].format(key=key, until=until)


def card_rows(cards: Sequence[PlanCard], locale: str) -> list[dict[str, str]]:
    """Give what a plan leaves to people as rows of a table."""
    words = _WORDS[locale]
    return [
        {
            words["task"]: card.task,
            words["object"]: card.change.key,
            words["todo"]: _what_to_do(card.change, words[card.change.verdict]),
            words["to"]: _values(card.change),
            words["screen"]: _LOCATIONS if _is_about_a_place(card.change) else _SCREEN,
        }
        for card in cards
    ]


def _what_to_do(change: Change, words: str) -> str:
    """Name the appointments that are in the way, by the ids under which OmegaAI has them."""
    named = ", ".join(f"Appointment/{id_}" for id_ in change.bookings)
    more = " …" if change.booked and change.booked > len(change.bookings) else ""
    return f"{words} {named}{more}" if named and change.verdict is Verdict.BOOKED else words


def _is_about_a_place(change: Change) -> bool:
    return change.verdict is Verdict.UNPLACED or "/room/" in change.key


def _values(change: Change) -> str:
    return ", ".join(f"{field.name}: {field.after}" for field in change.fields)
