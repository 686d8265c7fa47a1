"""What a plan adds, and what it leaves as it is."""

import pickle
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from accord.domain.effects import EffectState
from accord.ledger.errors import IllegalMove, UnknownEffect
from accord.ledger.ledger import Ledger
from accord.ledger.records import Description
from tests.ledger.builders import a_chain, an_effect, bring_to, claim_one, key_of, states

S = EffectState


def test_the_same_plan_again_changes_nothing(ledger: Ledger) -> None:
    """A rerun meets its own rows: nothing new, nothing moved, nothing logged."""
    first = ledger.plan(a_chain("form", 3), run="monday")
    again = ledger.plan(a_chain("form", 3), run="tuesday")
    assert again == first
    assert len(ledger.moves_of(key_of("form-v1"))) == 1


@pytest.mark.parametrize("state", list(EffectState), ids=str)
def test_a_plan_never_resets_an_effect(ledger: Ledger, state: EffectState) -> None:
    """Whatever became of it, planning it again gives it as it is."""
    before = bring_to(ledger, "one", state)
    assert ledger.plan([an_effect("one")]) == [before]


def test_a_later_version_goes_behind_the_earlier_ones(ledger: Ledger) -> None:
    """Positions follow the order given, over several plans, and are not taken twice."""
    ledger.plan(a_chain("form", 2))
    ledger.plan([*a_chain("form", 4), *a_chain("form", 1)])
    assert [row.key for row in ledger.chain("lakeside", "chain-form")] == [
        key_of(f"form-v{n}") for n in (1, 2, 3, 4)
    ]


def test_one_key_twice_in_a_plan_is_one_effect(ledger: Ledger) -> None:
    """A resource that came on two pages is planned once, and given back in both places."""
    one, again = ledger.plan([an_effect("one"), an_effect("one")])
    assert one == again
    assert ledger.counts("lakeside", "relay-forms") == {S.PLANNED: 1}


@pytest.mark.parametrize("state", [S.HELD, S.PARKED, S.SUPERSEDED], ids=str)
def test_a_plan_may_dispose_at_once(ledger: Ledger, state: EffectState) -> None:
    """Held, parked and already there are written with the effect, in one transaction."""
    [row] = ledger.plan([an_effect("one", disposition=state, reason="some-rule")])
    assert (row.state, row.reason) == (state, "some-rule")
    assert [move.after for move in ledger.moves_of(row.key)] == [S.PLANNED, state]


@pytest.mark.parametrize("state", [S.SENT, S.VERIFIED, S.CLAIMED, S.DONE_BY_HAND], ids=str)
def test_a_plan_disposes_of_nothing_else(state: EffectState) -> None:
    """No plan says of itself that something was sent or verified."""
    with pytest.raises(ValidationError):
        an_effect("one", disposition=state)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("source", "SILVA^MARIA", id="an HL7 name"),
        pytest.param("source", "Maria Silva", id="a name with a blank"),
        pytest.param("subject", "Maria Silva", id="a subject that is not opaque"),
        pytest.param("reason", "no accession for Maria", id="a text for a reason"),
        pytest.param("evidence", {"who": "Maria Silva"}, id="a name for evidence"),
        pytest.param("key", "short", id="a key that was cut"),
    ],
)
def test_texts_do_not_get_into_the_ledger(field: str, value: object) -> None:
    """Fields take ids and codes; the refusal does not quote what it refuses."""
    with pytest.raises(ValidationError) as refused:
        an_effect("one", **{field: value})
    assert "Maria" not in str(refused.value)


def test_what_was_unknown_is_filled_in_later(ledger: Ledger) -> None:
    """A held form's section and bytes become known when it is read again."""
    ledger.plan(
        [an_effect("one", disposition=S.HELD, reason="no-accession", section="", digest="")]
    )
    row = ledger.describe(key_of("one"), Description(section="Documents", digest="a" * 64))
    assert row == ledger.effect(key_of("one"))
    assert (row.section, row.digest, row.document_type) == ("Documents", "a" * 64, "CLINICAL")
    assert ledger.by_digest("lakeside", "a" * 64) == [row]


def test_an_unknown_subject_becomes_known(ledger: Ledger) -> None:
    """Whom a held form is about may be learnt later, and may be corrected until it is sent."""
    ledger.plan([an_effect("one", disposition=S.HELD, reason="x", subject="unknown")])
    known = Description(subject="patient-1", barrier="patient-1")

    row = ledger.describe(key_of("one"), known)

    assert (row.subject, row.barrier) == ("patient-1", "patient-1")
    assert ledger.effect(key_of("one")) == row == ledger.describe(key_of("one"), known)
    corrected = Description(subject="patient-2", barrier="patient-2")
    assert ledger.describe(key_of("one"), corrected).subject == "patient-2"


def test_a_subject_stays_once_anything_was_sent(ledger: Ledger) -> None:
    """A resend is about the patient that the first sending was about."""
    row = bring_to(ledger, "one", S.IN_DOUBT)
    ledger.saw_absent(row.key, row.updated_at)
    ledger.move(row.key, S.PLANNED, who="read-back", why="absent twice")
    for other in (Description(subject="patient-2"), Description(barrier="patient-2")):
        with pytest.raises(IllegalMove, match="another subject"):
            ledger.describe(row.key, other)


def test_what_was_refused_may_be_made_anew(ledger: Ledger) -> None:
    """Nothing of it is there: other bytes, and another patient, if a person has it tried again."""
    row = bring_to(ledger, "one", S.REJECTED)
    again = ledger.move(row.key, S.PLANNED, who="on-call", why="mended")
    assert (again.digest, again.is_unsent, again.attempts) == ("", True, 1)

    anew = Description(digest="b" * 64, subject="patient-2", barrier="patient-2")
    described = ledger.describe(row.key, anew)

    assert (described.digest, described.subject) == ("b" * 64, "patient-2")
    with pytest.raises(IllegalMove):
        ledger.describe(row.key, Description(subject="patient-3"))


@pytest.mark.parametrize("state", [S.CLAIMED, S.SENT, S.IN_DOUBT, S.LANDED, S.VERIFIED], ids=str)
def test_what_is_on_its_way_is_not_described_anew(ledger: Ledger, state: EffectState) -> None:
    """A resend is byte-equal: what a worker or the peer has keeps what it says."""
    bring_to(ledger, "one", state)
    with pytest.raises(IllegalMove):
        ledger.describe(key_of("one"), Description(digest="a" * 64))


def test_an_unknown_effect_is_said_to_be_unknown(ledger: Ledger) -> None:
    """Every question about one effect names the key that is not there."""
    asks: list[Callable[[], object]] = [
        lambda: ledger.effect(key_of("none")),
        lambda: ledger.describe(key_of("none"), Description(section="x")),
        lambda: ledger.move(key_of("none"), S.PARKED, who="w", why="y"),
    ]
    for ask in asks:
        with pytest.raises(UnknownEffect, match=key_of("none")) as refused:
            ask()
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
    assert ledger.waiting_behind(key_of("none")) == []


def test_effects_are_found_by_source_and_state(ledger: Ledger) -> None:
    """What a version called for, and what is open, oldest first."""
    ledger.plan([an_effect("one"), an_effect("two")])
    claim_one(ledger, "two")
    bring_to(ledger, "over", S.VERIFIED)

    [found] = ledger.by_source("lakeside", "QuestionnaireResponse/one/_history/1")
    open_ = ledger.open_effects("lakeside", "relay-forms")

    assert found.key == key_of("one")
    assert {row.key for row in open_} == {key_of("one"), key_of("two")}
    assert len(ledger.open_effects("lakeside", "relay-forms", limit=1)) == 1
    assert states(ledger, ["one", "two", "over"]) == [S.PLANNED, S.CLAIMED, S.VERIFIED]


def test_many_are_asked_for_at_once(ledger: Ledger) -> None:
    """Chains, bytes, subjects and resources: one question for a page, not one for each."""
    ledger.plan([*a_chain("form", 3), *a_chain("other", 1)])
    ledger.plan([an_effect("a_b"), an_effect("axb", digest="1" * 64)])

    chains = ledger.chains("lakeside", ["chain-form", "chain-none", "chain-other"])

    assert [row.key for row in chains["chain-form"]] == [key_of(f"form-v{n}") for n in (1, 2, 3)]
    assert chains.keys() == {"chain-form", "chain-other"}
    assert chains["chain-other"] == ledger.chain("lakeside", "chain-other")
    assert [r.key for r in ledger.by_digests("lakeside", ["1" * 64, "2" * 64])] == [key_of("axb")]
    about = ledger.of_subjects("lakeside", "relay-forms", ["form-form-v1", "form-axb"])
    assert {row.key for row in about} == {key_of("form-v1"), key_of("axb")}
    resources = ["QuestionnaireResponse/a_b", "QuestionnaireResponse/none"]
    assert ledger.chains_of("lakeside", resources) == {"QuestionnaireResponse/a_b": "chain-a_b"}
    for empty in (ledger.chains, ledger.chains_of, ledger.by_digests):
        assert not empty("lakeside", [])
    assert ledger.of_subjects("lakeside", "relay-forms", []) == []
