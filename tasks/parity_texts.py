"""The words of a comparison's report, in Portuguese and English."""

from collections.abc import Sequence

import pandas as pd

from accord.domain.parity import WORDS, Agreement, Finding
from accord.quality.resource_sides import SIDE
from accord.setup.cards import Card
from accord.setup.comparing import Parity
from tasks.markdown import listed, table

_WORDS = {
    "pt-BR": {
        Agreement.ALIKE: "PowerServer e OmegaAI têm os mesmos recursos",
        Agreement.DIFFERENT: "PowerServer e OmegaAI diferem",
        Agreement.PARTIAL: "nem tudo pôde ser comparado",
        "title": "Unidades e recursos",
        "side": "Lado",
        "resources": "Recursos",
        "unfit": "Não comparados",
        "findings": "Diferenças",
        "excused": "Diferenças esperadas",
        "unused": "Diferenças esperadas que já não existem: tire-as do arquivo da organização",
        "expired": "Diferenças esperadas cujo prazo acabou",
        "misshapen": "Serviços do OmegaAI que não se entendem",
        "task": "Tarefa",
        "state": "Situação",
        "facility": "Unidade",
        "resource": "Recurso",
        "what": "O que difere",
        "screen": "Onde se muda",
        "until": "Até",
        "reason": "Motivo",
        "rule": "Regra",
        "todo": "O que fazer",
        "refresh": "Depois de mudar no PowerServer: Refresh Data na agenda, e atribua o recurso "
        "aos grupos de usuários que o usam. Diga com attest-task que está feito.",
    },
    "en-US": {
        Agreement.ALIKE: "PowerServer and OmegaAI have the same resources",
        Agreement.DIFFERENT: "PowerServer and OmegaAI differ",
        Agreement.PARTIAL: "not everything could be compared",
        "title": "Facilities and resources",
        "side": "Side",
        "resources": "Resources",
        "unfit": "Not compared",
        "findings": "Differences",
        "excused": "Expected differences",
        "unused": "Expected differences that are not there any more: take them out of the "
        "organization file",
        "expired": "Expected differences whose day is over",
        "misshapen": "Services of OmegaAI that cannot be understood",
        "task": "Task",
        "state": "State",
        "facility": "Facility",
        "resource": "Resource",
        "what": "What differs",
        "screen": "Where it is changed",
        "until": "Until",
        "reason": "Reason",
        "rule": "Rule",
        "todo": "What to do",
        "refresh": "After a change in PowerServer: Refresh Data in the scheduler, and assign the "
        "resource to the user groups that use it. Say with attest-task that it is done.",
    },
}
_SIDES = {"powerserver": "PowerServer", "omegaai": "OmegaAI"}


def agreement_line(parity: Parity, locale: str) -> str:
    """Say in one line what a comparison found."""
    words = _WORDS[locale]
    counts = ", ".join(f"{_SIDES[side]} {count}" for side, count in parity.resources.items())
    weighed = parity.weighed
    return (
        f"{words[parity.agreement]}: {counts}; {words['findings'].lower()} {len(weighed.left)}, "
        f"{words['excused'].lower()} {len(weighed.excused)}, "
        f"{words['unfit'].lower()} {parity.skipped}"
    )


def parity_page(parity: Parity, cards: Sequence[Card], locale: str) -> str:
    """Write a comparison's report as Markdown, with what people are to change."""
    words, weighed = _WORDS[locale], parity.weighed
    lines = [f"# {words['title']}", "", f"**{agreement_line(parity, locale)}**", ""]
    lines += table(
        (words["side"], words["resources"], words["unfit"]),
        [
            (_SIDES[side], count, len(parity.unfit[side]))
            for side, count in parity.resources.items()
        ],
    )
    if cards:
        lines += [f"## {words['findings']}", ""]
        lines += listed(card_rows(cards, locale), words["resource"])
    lines += [*_not_compared(parity, locale), *_excused(weighed.excused, locale)]
    for name, entries in (("unused", weighed.unused), ("expired", weighed.expired)):
        if entries:
            told = ", ".join(f"{e.facility}/{e.resource} ({e.finding})" for e in entries)
            lines += [f"{words[name]}: {told}", ""]
    return "\n".join([*lines, words["refresh"] if len(weighed.left) else ""]).rstrip() + "\n"


def _not_compared(parity: Parity, locale: str) -> list[str]:
    words, lines = _WORDS[locale], []
    unfit = [
        (where, SIDE.rule(rules[0]).text(locale), SIDE.rule(rules[0]).what_to_do(locale))
        for held in parity.unfit.values()
        for where, rules in held.items()
    ]
    if unfit:
        lines += [f"## {words['unfit']}", ""]
        lines += table((words["resource"], words["rule"], words["todo"]), unfit)
    if parity.misshapen:
        lines += [f"{words['misshapen']}: {', '.join(parity.misshapen)}", ""]
    return lines


def _excused(excused: pd.DataFrame, locale: str) -> list[str]:
    if excused.empty:
        return []
    words = _WORDS[locale]
    told = excused.assign(what=[WORDS[Finding(code)].text(locale) for code in excused["finding"]])
    head = [words[name] for name in ("facility", "resource", "what", "reason", "until")]
    rows = told[["facility", "name", "what", "reason", "until"]].to_numpy().tolist()
    return [f"## {words['excused']}", "", *table(head, rows)]


def card_rows(cards: Sequence[Card], locale: str) -> list[dict[str, str]]:
    """Give the cards as rows of a table: one change each, with its screen and both values."""
    words = _WORDS[locale]
    return [
        {
            words["task"]: card.task,
            words["state"]: card.state.value,
            words["facility"]: card.facility,
            words["resource"]: card.resource,
            words["what"]: card.text,
            "PowerServer": card.powerserver,
            "OmegaAI": card.omegaai,
            words["screen"]: card.screen,
        }
        for card in cards
    ]
