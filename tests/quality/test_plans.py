"""The rules on a plan: each has a row that only it holds, and is missed where it lacks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accord.domain.effects import EffectState, Intent
from accord.domain.forms import FormKind, Section, SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.relay import Decision, Prepared
from accord.quality.gate import CannotJudge, Verdict, screen
from accord.quality.plans import DTYPES, PLAN, plan_facts
from accord.quality.rules import Suite

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD, ODD = EffectKey("GOODGOODGOODGOODGOOD"), EffectKey("ODDODDODDODDODDODDOD")


def a_prepared(key: EffectKey = ODD, **changes: Any) -> Prepared:
    """Give a clinical form ready to be planned."""
    prepared = Prepared(
        key=key,
        source="QuestionnaireResponse/r1/_history/1",
        source_updated_at=NOW,
        status=SubmissionStatus.COMPLETED,
        kind=FormKind.CLINICAL,
        section=Section.DOCUMENTS,
        document_type="CLINICAL",
        facility="lakeside-centro",
        subject="SUBJECT",
        chain=f"CHAIN-{key}",
        digest=Digest("0" * 64),
    )
    return prepared.model_copy(update=changes)


def a_decision(key: EffectKey = ODD, **changes: Any) -> Decision:
    """Give the decision to file it."""
    decision = Decision(key=key, intent=Intent.FILE_DOCUMENT, state=EffectState.PLANNED)
    return decision.model_copy(update=changes)


def _judge(prepared: Prepared, decision: Decision, suite: Suite = PLAN) -> Verdict:
    good = a_prepared(GOOD, chain=prepared.chain, source_updated_at=NOW)
    frame = plan_facts([good, prepared], [a_decision(GOOD), decision])
    return screen(frame, suite)


CASES = [
    pytest.param("key-fits-its-field", {"key": "SHORT"}, {"key": "SHORT"}, id="short-key"),
    pytest.param("key-fits-its-field", {"key": "0" * 20}, {"key": "0" * 20}, id="not-base32"),
    pytest.param("section-fits-the-kind", {"section": Section.PATIENT_DOCS}, {}, id="section"),
    pytest.param("section-fits-the-kind", {"kind": None}, {}, id="no-kind"),
    pytest.param("never-an-imaging-report", {"document_type": " di "}, {}, id="di"),
    pytest.param("never-an-imaging-report", {"document_type": ""}, {}, id="no-type"),
    pytest.param("has-a-digest", {"digest": ""}, {}, id="no-digest"),
    pytest.param("has-a-digest", {"digest": "A" * 64}, {}, id="upper-case"),
    pytest.param("parent-named", {}, {"intent": Intent.REPLACE_DOCUMENT}, id="no-parent"),
    pytest.param("parent-named", {}, {"intent": Intent.WITHDRAW_DOCUMENT}, id="withdraws-what"),
    pytest.param("chain-named", {"chain": ""}, {}, id="no-chain"),
    pytest.param(
        "chain-in-order", {"source_updated_at": NOW - timedelta(seconds=1)}, {}, id="older-last"
    ),
    pytest.param("reason-given", {}, {"state": EffectState.HELD}, id="held-for-nothing"),
    pytest.param("reason-given", {}, {"state": EffectState.PARKED}, id="parked-for-nothing"),
]


def _odd(prepared: dict[str, Any], decision: dict[str, Any]) -> tuple[Prepared, Decision]:
    return a_prepared(**prepared), a_decision(**decision)


def _broken(verdict: Verdict, rule: str) -> set[str]:
    return {key for key, rules in verdict.held.items() if rules == [rule]}


@pytest.mark.parametrize(("rule", "prepared", "decision"), CASES)
def test_each_rule_holds_a_row_that_no_other_holds(
    rule: str, prepared: dict[str, Any], decision: dict[str, Any]
) -> None:
    """One thing is wrong, one rule says so."""
    item, decided = _odd(prepared, decision)
    verdict = _judge(item, decided)
    assert _broken(verdict, rule) >= {decided.key}
    assert {name for names in verdict.held.values() for name in names} == {rule}


@pytest.mark.parametrize(("rule", "prepared", "decision"), CASES)
def test_a_rule_taken_away_is_missed(
    rule: str, prepared: dict[str, Any], decision: dict[str, Any]
) -> None:
    """Without its rule the same plan would pass."""
    assert _judge(*_odd(prepared, decision), PLAN.without(rule)).held == {}


def test_every_rule_has_such_a_row() -> None:
    """A rule added without a case is noticed."""
    assert {case.values[0] for case in CASES} == {rule.name for rule in PLAN.rules}


@pytest.mark.parametrize(
    ("prepared", "decision"),
    [
        pytest.param(
            {"kind": FormKind.REGISTRATION, "section": Section.PATIENT_DOCS}, {}, id="registration"
        ),
        pytest.param(
            {"kind": None, "section": None, "digest": "", "document_type": ""},
            {"state": EffectState.HELD, "reason": "form-kind-named"},
            id="held",
        ),
        pytest.param(
            {"digest": "", "document_type": ""},
            {"intent": Intent.WITHDRAW_DOCUMENT, "parent": GOOD},
            id="withdrawal",
        ),
        pytest.param({}, {"intent": Intent.REPLACE_DOCUMENT, "parent": GOOD}, id="replacement"),
        pytest.param(
            {}, {"state": EffectState.SUPERSEDED, "reason": "already-there"}, id="already-there"
        ),
    ],
)
def test_a_good_plan_passes(prepared: dict[str, Any], decision: dict[str, Any]) -> None:
    """What the plan may say."""
    assert _judge(*_odd(prepared, decision)).passed == [GOOD, ODD]


def test_a_key_that_stands_twice_stops_the_run() -> None:
    """Two effects of one name would meet in one row of the ledger."""
    frame = plan_facts([a_prepared(), a_prepared()], [a_decision(), a_decision()])
    with pytest.raises(CannotJudge, match="no two alike"):
        screen(frame, PLAN)


def test_an_empty_plan_passes() -> None:
    """Nothing to do is a fine plan."""
    frame = plan_facts([], [])
    assert dict(frame.dtypes.astype(str)) == DTYPES
    assert screen(frame, PLAN) == Verdict(passed=[])
