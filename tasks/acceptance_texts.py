"""The words of an acceptance run, in Portuguese and English; no patient, no number of theirs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from accord.acceptance.accepting import Accepted
from accord.acceptance.people import CLEAN_UP_BY_HAND, LOOK, ORDER_BY_HAND, SETTINGS
from accord.acceptance.stages import STAGES
from accord.domain.acceptance import Outcome, Step, Tried
from accord.rendering.acceptance import document_title
from tasks.acceptance_words import WORDS
from tasks.markdown import table

_ORDER = tuple(Outcome)


def acceptance_line(accepted: Sequence[Accepted], locale: str) -> str:
    """Say in one line how many routes had which outcome."""
    words = WORDS[locale]
    counted = Counter(
        each.outcome for one in accepted for each in one.tried if each.outcome in _ORDER[:-1]
    )
    told = [f"{words[outcome]} {counted[outcome]}" for outcome in _ORDER if counted[outcome]]
    return ", ".join(told) or words["nothing"]


def acceptance_page(accepted: Sequence[Accepted], locale: str) -> str:
    """Write each PowerServer's walk as Markdown: routes, answers, what was seen, what to do."""
    words = WORDS[locale]
    lines = [f"# {words['title']}", "", f"**{acceptance_line(accepted, locale)}**", ""]
    for one in accepted:
        lines += [f"## PowerServer {one.powerserver}", "", *_routes(one, locale)]
        lines += [*_findings(one, locale), *_to_look_at(one, locale), *_proposal(one, locale)]
    return "\n".join([*lines, words["meaning"]]) + "\n"


def card_rows(accepted: Sequence[Accepted], locale: str) -> list[dict[str, str]]:
    """Give what is asked of people as rows of a table."""
    words = WORDS[locale]
    return [
        {
            words["task"]: card.id,
            words["state"]: words[f"task-{card.state.value}"],
            words["todo"]: _card(one, card.kind, locale),
            words["screen"]: words[f"{card.kind}-screen"],
        }
        for one in accepted
        for card in one.tasks
    ]


def _routes(one: Accepted, locale: str) -> list[str]:
    words = WORDS[locale]
    head = [words[name] for name in ("step", "message", "outcome", "answer", "seen", "key")]
    return table(head, [_row(each, locale) for each in one.tried])


def _row(each: Tried, locale: str) -> list[str]:
    words, stage = WORDS[locale], STAGES[each.step]
    rung = words.get(each.rung, "")
    beside = [words[name] for name in (*each.harms, *each.remarks)]
    seen = "; ".join(part for part in (rung, each.seen, *beside) if part)
    return [
        words[each.step],
        stage.message,
        words[each.outcome],
        each.answer,
        seen,
        f"`{each.key}`" if each.key else "",
    ]


def _findings(one: Accepted, locale: str) -> list[str]:
    """Name what must not be, and what nobody can do here yet."""
    words, found = WORDS[locale], []
    for each in one.tried:
        for name in (*each.harms, *each.remarks):
            found.append(f"- {words[each.step]}: {words[name]}. {words[f'{name}-why']}")
        if each.outcome is Outcome.CONTRADICTORY:
            found.append(f"- {words[each.step]}: {words['contradictory-why']}")
    if one.is_walked and not _files(one):
        found.append(f"- {words['no-route']}")
    return [f"### {words['findings']}", "", *found, ""] if found else []


def _files(one: Accepted) -> bool:
    filing = (Step.REGISTRATION, Step.CLINICAL, Step.STORED)
    return any(one.outcome(step) is Outcome.ACCEPTED for step in filing)


def _to_look_at(one: Accepted, locale: str) -> list[str]:
    """Say what a person should see in the Document Viewer now."""
    words = WORDS[locale]
    if not one.is_walked:
        return []
    left = [f"- {words['section-' + _section(step)]}: {_title(step, locale)}" for step in one.left]
    strangers = [f"- {words['others']}: {one.others}"] if one.others else []
    nothing = [f"- {words['nothing-left']}"] if not left and not strangers else []
    order = [f"- {words['order-left' if one.is_order_left else 'order-gone']}"]
    return [f"### {words['look-at']}", "", *left, *strangers, *nothing, *order, ""]


def _section(step: Step) -> str:
    return "patient" if step is Step.REGISTRATION else "study"


def _title(step: Step, locale: str) -> str:
    return f"*{document_title(step, locale)}*"


def _proposal(one: Accepted, locale: str) -> list[str]:
    words = WORDS[locale]
    if not one.is_walked:
        return []
    lines = [f"### {words['proposal']}", ""]
    if not one.changes:
        return [*lines, words["file-agrees"], ""]
    return [*lines, "```yaml", *_yaml_lines(one), "```", "", words["approve"], ""]


def _yaml_lines(one: Accepted) -> Iterator[str]:
    for change in one.changes:
        yield f"{change.path}: {change.before} -> {change.after}"


def _card(one: Accepted, kind: str, locale: str) -> str:
    words = WORDS[locale]
    left = ", ".join(_title(step, locale) for step in one.left) or "-"
    others = one.others
    texts = {
        LOOK: words[LOOK],
        ORDER_BY_HAND: words[ORDER_BY_HAND].format(accession=one.accession),
        CLEAN_UP_BY_HAND: words[CLEAN_UP_BY_HAND].format(left=left, others=others),
        SETTINGS: f"{words[SETTINGS]} {'; '.join(_yaml_lines(one))}",
    }
    return texts[kind]
