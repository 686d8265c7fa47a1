"""The words of a report about prerequisites, in Portuguese and English."""

from collections.abc import Mapping, Sequence

from accord.domain.prerequisites import WORDS, Checked, Outcome, Readiness, Who, readiness
from tasks.markdown import table

_O = Outcome
_ORDER = (_O.NOT_MET, _O.UNSEEN, _O.ATTESTED, _O.DECLARED, _O.MET)
_WORDS = {
    "pt-BR": {
        Readiness.READY: "Tudo está pronto",
        Readiness.NOT_READY: "Falta algo",
        Readiness.PARTIAL: "Nem tudo foi visto",
        _O.MET: "visto",
        _O.DECLARED: "declarado no arquivo",
        _O.ATTESTED: "atestado por uma pessoa",
        _O.NOT_MET: "falta",
        _O.UNSEEN: "ninguém viu",
        Who.OMEGAAI: "administrador do OmegaAI",
        Who.POWERSERVER: "administrador do PowerServer",
        Who.VENDOR: "RamSoft",
        Who.OPERATOR: "operador",
        "title": "Pré-requisitos",
        "phase": "Fase",
        "what": "O que deve valer",
        "about": "De quê",
        "state": "Situação",
        "wanted": "Esperado",
        "seen": "Encontrado",
        "fix": "O que fazer",
        "screen": "Onde",
        "who": "Quem",
        "task": "Tarefa",
        "words": "O que nenhum sistema mostra, uma pessoa vê na tela e diz com attest-task.",
    },
    "en-US": {
        Readiness.READY: "Everything is ready",
        Readiness.NOT_READY: "Something is missing",
        Readiness.PARTIAL: "Not everything was seen",
        _O.MET: "seen",
        _O.DECLARED: "declared in the file",
        _O.ATTESTED: "attested by a person",
        _O.NOT_MET: "missing",
        _O.UNSEEN: "nobody has seen it",
        Who.OMEGAAI: "administrator of OmegaAI",
        Who.POWERSERVER: "administrator of PowerServer",
        Who.VENDOR: "RamSoft",
        Who.OPERATOR: "operator",
        "title": "Prerequisites",
        "phase": "Phase",
        "what": "What must be true",
        "about": "Of what",
        "state": "State",
        "wanted": "Wanted",
        "seen": "Found",
        "fix": "What to do",
        "screen": "Where",
        "who": "Who",
        "task": "Task",
        "words": "What no system shows, a person sees on the screen and says with attest-task.",
    },
}


def readiness_line(checks: list[Checked], locale: str) -> str:
    """Say in one line what was found."""
    words = _WORDS[locale]
    counts = [
        f"{words[outcome]} {count}"
        for outcome in _ORDER
        if (count := sum(each.outcome is outcome for each in checks))
    ]
    return f"{words[readiness(checks)]}: {', '.join(counts)}"


def readiness_page(checks: list[Checked], locale: str) -> str:
    """Write all checks as Markdown, what is missing first."""
    words = _WORDS[locale]
    head = [words[name] for name in ("phase", "what", "about", "state", "wanted", "seen")]
    rows = [
        (
            WORDS[each.prerequisite].phase,
            WORDS[each.prerequisite].text(locale),
            each.about,
            words[each.outcome],
            each.wanted,
            each.seen,
        )
        for each in in_order(checks)
    ]
    lines = [f"# {words['title']}", "", f"**{readiness_line(checks, locale)}**", ""]
    return "\n".join([*lines, *table(head, rows), words["words"], ""])


def to_do_rows(
    checks: Sequence[Checked], tasks: Mapping[tuple[str, str], str], locale: str
) -> list[dict[str, str]]:
    """Give what is missing or unseen as rows of a table: what to do, where, and who can."""
    words, rows = _WORDS[locale], []
    for each in in_order(checks):
        if each.outcome in (_O.NOT_MET, _O.UNSEEN):
            says = WORDS[each.prerequisite]
            rows.append(
                {
                    words["phase"]: says.phase,
                    words["what"]: says.text(locale),
                    words["about"]: each.about,
                    words["state"]: words[each.outcome],
                    words["wanted"]: each.wanted,
                    words["seen"]: each.seen,
                    words["fix"]: says.fix(locale),
                    words["screen"]: says.screen,
                    words["who"]: words[says.who],
                    words["task"]: tasks.get((each.prerequisite.value, each.about), ""),
                }
            )
    return rows


def in_order(checks: Sequence[Checked]) -> list[Checked]:
    """Put what is missing first, then what nobody saw."""
    return sorted(checks, key=lambda each: _ORDER.index(each.outcome))
