"""A walk that is killed goes on where it stood: nothing is sent twice, nothing is left out."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.acceptance.accepting import Accepted
from accord.acceptance.people import LOOK
from accord.domain.acceptance import Outcome, Step
from accord.domain.effects import EffectState
from accord.ledger.ledger import Ledger
from tests.acceptance.walked_site import ASite, Cut, a_site, outcomes

TRIES = {"tries": ["ADT", "ORM", "SIU", "T02", "repeat", "T10", "T11"], "wait": "PT0.1S"}
SENDS = ("ADT", "NW", "SC", "S12", "S14", "T02", "T02", "T02 again", "T10", "T02", "T11")
GOOD: dict[str, Any] = {
    "takes_schedule": True,
    "order_statuses": {"SC": "SCHEDULED"},
    "recognises_repeats": True,
}
WRITES = ("plan", "claim", "sent", "answered", "moves")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ASite]:
    """A site that takes everything; a message twice is filed once, and it says so."""
    with a_site(tmp_path, acceptance=TRIES, hl7={"takes_repeats": True}, **GOOD) as opened:
        yield opened


async def killed(site: ASite, **dies: int) -> None:
    with pytest.raises(Cut):
        await site.run(dies=dies)
    site.forward(seconds=61)  # the dead run's lease, and its turn, are over


def control_ids(site: ASite) -> Counter[bytes]:
    return Counter(message.split(b"|")[9] for message in site.sim.messages)


def but(accepted: Accepted, *steps: Step) -> set[Outcome]:
    """The outcomes of all steps that were tried, but for some."""
    return {outcome for step, outcome in outcomes(accepted).items() if step not in steps}


async def test_killed_after_each_answer_it_sends_each_message_once(site: ASite) -> None:
    """
    Each run dies with the answer in its hand, before it is written down: eleven deaths, and the
    twelfth run finds by looking what the others have done. Of two steps the answer alone tells.
    """
    for _ in SENDS:
        await killed(site, dies_after=0)
    walked = await site.run()

    assert but(walked, Step.PATIENT, Step.REPEAT) == {Outcome.ACCEPTED}, outcomes(walked)
    assert outcomes(walked)[Step.REPEAT] is Outcome.UNPROVEN
    assert len(site.sim.messages) == len(SENDS)
    assert sum(count > 1 for count in control_ids(site).values()) == 1  # the repeat
    assert len({d.sha256 for d in site.sim.documents}) == len(site.sim.documents)


@pytest.mark.long
async def test_killed_before_each_first_byte_it_sends_each_message_once(tmp_path: Path) -> None:
    """
    It is committed as sent and never left. Each is looked for, seen absent twice, and only since
    this site files a repeated message once is it sent again, to the byte.
    """
    good = {**GOOD, "creates_unknown_patients": True}
    with a_site(tmp_path, acceptance=TRIES, hl7={"takes_repeats": True}, **good) as site:
        for resent_before in (0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1):
            await killed(site, dies_before=resent_before)
        walked = await site.run()

        told_by_answers = Step.PATIENT, Step.REPEAT
        assert but(walked, *told_by_answers) == {Outcome.ACCEPTED}, outcomes(walked)
        assert {outcomes(walked)[step] for step in told_by_answers} == {Outcome.UNPROVEN}
        assert len(site.sim.messages) == len(SENDS) - len(told_by_answers)
        assert max(control_ids(site).values()) == 1


async def test_where_a_repeat_is_filed_twice_nothing_is_sent_again(tmp_path: Path) -> None:
    """What was committed as sent and never seen is unproven; the walk goes on without it."""
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM", "T02"], "wait": "PT0.1S"}) as site:
        await killed(site, dies_before=4)
        walked = await site.run()

        assert outcomes(walked)[Step.CLINICAL] is Outcome.UNPROVEN
        assert outcomes(walked)[Step.MISTAKE] is Outcome.ACCEPTED
        assert site.events.count("MDM^T02") == 2


async def test_without_looking_first_a_document_would_be_filed_twice(
    site: ASite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: what is in doubt is planned again, and comes a second time."""
    await killed(site, dies_after=1)
    monkeypatch.setattr("accord.acceptance.settling.seen", lambda *_: None)
    monkeypatch.setattr("accord.domain.settling._maybe_absent", _resend)
    await site.run()
    assert max(control_ids(site).values()) > 1


def _resend(effect: Any, *_: object) -> Any:
    from accord.domain.settling import Settlement
    from accord.domain.settling import Step as Verdict

    return Settlement(step=Verdict.NOTE_ABSENCE if effect.absent_at is None else Verdict.RESEND)


class MortalLedger(Ledger):
    """Dies right after one of its writes, counted from 0."""

    dies_at: int = -1
    written: int = 0


def _mortal(name: str) -> Any:
    def write(self: MortalLedger, *args: Any, **kwargs: Any) -> Any:
        done = getattr(Ledger, name)(self, *args, **kwargs)
        self.written += 1
        if self.written - 1 == self.dies_at:
            raise Cut
        return done

    return write


for _name in WRITES:
    setattr(MortalLedger, _name, _mortal(_name))


async def _killed_at_a_write(site: ASite, at: int) -> bool:
    """Run, and die right after the `at`-th write; give whether it came so far."""
    ledger = site.ledger
    ledger.__class__ = MortalLedger
    ledger.written, ledger.dies_at = 0, at  # type: ignore[attr-defined]
    try:
        await site.run()
    except Cut:
        site.forward(seconds=61)
        return True
    finally:
        ledger.__class__ = Ledger
    return False


@pytest.mark.parametrize("at", range(5), ids=["planned", "claimed", "sent", "answered", "verified"])
async def test_killed_between_two_writes_of_a_step_it_goes_on(tmp_path: Path, at: int) -> None:
    """Planned, claimed, committed as sent, answered, verified: after each of them."""
    with a_site(tmp_path, acceptance={"tries": ["ORM"], "wait": "PT0.1S"}, hl7=REPEATS,
                creates_unknown_patients=True, **GOOD) as site:  # fmt: skip
        assert await _killed_at_a_write(site, at)
        walked = await site.run()

        assert outcomes(walked)[Step.ORDER] is Outcome.ACCEPTED
        assert max(control_ids(site).values()) == 1
        assert len(site.studies) == 1


REPEATS = {"takes_repeats": True}


@pytest.mark.long
@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
@pytest.mark.parametrize("at", range(len(SENDS)), ids=[f"{n}-{s}" for n, s in enumerate(SENDS)])
async def test_killed_at_any_step_and_run_again(site: ASite, at: int, dies: str) -> None:
    """The walk, the clean-up, and a run after the end that writes nothing."""
    await killed(site, **{dies: at})
    walked = await site.run()
    assert walked.is_walked, outcomes(walked)

    site.say(LOOK)
    cleaned = await site.run()
    assert cleaned.is_cleaned_up, outcomes(cleaned)
    assert not set(site.ledger.counts("lakeside", "accept-site")) & {
        EffectState.IN_DOUBT,
        EffectState.PARKED,
        EffectState.PLANNED,
    }
    sent = len(site.sim.messages)
    await site.run()
    assert len(site.sim.messages) == sent
    assert_nothing_is_doubled(site)


def assert_nothing_is_doubled(site: ASite) -> None:
    """No message came twice, but for the repeat; no document stands there twice."""
    assert sum(control_ids(site).values()) - len(control_ids(site)) <= 1
    assert len({d.sha256 for d in site.sim.documents}) == len(site.sim.documents)
    assert len([s for s in site.studies if not s.documents_only]) <= 1


@pytest.mark.long
async def test_killed_after_every_single_write(site: ASite) -> None:
    """Run after run dies one write later than the one before, until one comes to its end."""
    at = 0
    while await _killed_at_a_write(site, at % 7):
        at += 1
        assert at < 200
    assert_nothing_is_doubled(site)
