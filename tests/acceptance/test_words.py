"""The words of an acceptance run: whole in both languages, and about nobody."""

import pytest

from accord.acceptance.accepting import Accepted
from accord.acceptance.people import KINDS
from accord.acceptance.proposing import SettingChange
from accord.domain.acceptance import Harm, Outcome, Remark, Step, Tried
from accord.domain.guidance import GUIDANCE
from tasks.acceptance_texts import acceptance_line, acceptance_page
from tasks.acceptance_words import WORDS

LOCALES = ("pt-BR", "en-US")


def an_acceptance(outcome: Outcome, **changes: object) -> Accepted:
    tried = tuple(
        Tried(
            step=step,
            outcome=outcome,
            key="A" * 20,
            answer="AA",
            rung="bytes equal",
            harms=tuple(Harm),
            remarks=tuple(Remark),
        )
        for step in Step
    )
    fields: dict[str, object] = {
        "powerserver": "main",
        "walk": "W" * 20,
        "tried": tried,
        "is_walked": True,
        "is_cleaned_up": False,
        "left": (Step.REGISTRATION, Step.STORED),
        "others": 2,
        "is_order_left": True,
        "accession": "AT1",
        "changes": (SettingChange(path="site.x", before="[T02]", after="[T02, T11]"),),
        "plan": None,
        "tasks": (),
    }
    return Accepted(**(fields | changes))  # type: ignore[arg-type]  # a test's own table


def test_both_languages_say_the_same_things() -> None:
    one, other = (set(WORDS[locale]) for locale in LOCALES)
    assert one == other
    assert set(KINDS) <= one & GUIDANCE.keys()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_words(locale: str, outcome: Outcome) -> None:
    page = acceptance_page([an_acceptance(outcome)], locale)
    assert WORDS[locale][outcome] in page
    assert all(WORDS[locale][f"{name}-why"] in page for name in (*Harm, *Remark))
    assert "site.x: [T02] -> [T02, T11]" in page
    assert acceptance_line([an_acceptance(outcome)], locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_site_without_any_route_for_documents_is_told_so(locale: str) -> None:
    refused, accepted = (an_acceptance(o) for o in (Outcome.REFUSED, Outcome.ACCEPTED))
    assert WORDS[locale]["no-route"] in acceptance_page([refused], locale)
    assert WORDS[locale]["no-route"] not in acceptance_page([accepted], locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_before_the_walk_is_over_nothing_is_concluded(locale: str) -> None:
    page = acceptance_page([an_acceptance(Outcome.WAITING, is_walked=False)], locale)
    assert WORDS[locale]["proposal"] not in page
    assert WORDS[locale]["look-at"] not in page
