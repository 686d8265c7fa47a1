"""Sites that show nothing over DICOM: amber or a person's word, never a green that nobody saw."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.delivery.asking import note_word
from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.identifiers import EffectKey
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from accord.ledger.humantasks import TaskState
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
ATTEST = "attest-by-hand"
BLIND = {"answer_timeout_s": 0.5}


@pytest.fixture
def unseen(tmp_path: Path) -> Iterator[Clinic]:
    """A site that offers no read-back, and whose DICOM side is not there at all."""
    with a_clinic(tmp_path, hl7=BLIND, powerserver={"read_back": "none"}) as opened:
        opened.powerserver.faults.read_back_down = True
        yield opened


@pytest.fixture
def seen_by_people(tmp_path: Path) -> Iterator[Clinic]:
    """A site where a person looks into the Document Viewer."""
    with a_clinic(tmp_path, hl7=BLIND, powerserver={"read_back": "person"}) as opened:
        opened.powerserver.faults.read_back_down = True
        yield opened


def attest(clinic: Clinic, key: str) -> None:
    """What `done-by-hand` does with what has landed."""
    clinic.ledger.move(key, S.VERIFIED, who="on-call", why="seen", rung=Rung.ATTESTED)
    note_word(clinic.desk, EffectKey(key), "on-call", "seen")


async def test_without_a_read_back_nothing_is_green(unseen: Clinic) -> None:
    """PowerServer took it, and nobody can see it: amber, in a bucket of its own."""
    unseen.blume.submit_day(normal=2, pdf=1)

    report = await unseen.relay()
    again = await unseen.relay()

    assert report.totals.buckets == {Bucket.UNVERIFIABLE: 3}
    assert report.verdict is Verdict.UNPROVEN
    assert report.verified == ()
    assert unseen.states() == {S.UNVERIFIABLE: 3}
    assert {row.rung for row in unseen.rows()} == {""}
    assert again.is_empty
    assert unseen.powerserver.messages_received == 3


async def test_without_a_read_back_a_doubt_is_a_persons(unseen: Clinic) -> None:
    """A lost answer cannot be cleared up by looking: it is parked, and not sent again."""
    unseen.powerserver.faults.lose_answers = 1
    unseen.blume.submit_day(normal=1, pdf=0)

    report = await unseen.relay()
    unseen.forward(hours=1)
    await unseen.relay()

    assert report.totals.buckets == {Bucket.PARKED: 1}
    assert [each.reason for each in report.attention] == ["no-read-back"]
    assert unseen.powerserver.messages_received == 1


async def test_where_people_look_it_waits_for_their_word(seen_by_people: Clinic) -> None:
    """One request for each document, asked once, however often the flow is run."""
    clinic = seen_by_people
    clinic.blume.submit_day(normal=1, pdf=1)

    report = await clinic.relay()
    clinic.forward(hours=2)
    again = await clinic.relay()

    assert report.totals.buckets == again.totals.buckets == {Bucket.HUMAN_TASK: 2}
    assert report.verdict is Verdict.WITH_HOLDS
    assert [each.reason for each in report.attention] == [ATTEST, ATTEST]
    assert clinic.task_kinds() == [ATTEST, ATTEST]
    assert clinic.states() == {S.LANDED: 2}
    assert clinic.powerserver.messages_received == 2


async def test_a_persons_word_is_a_rung_of_its_own(seen_by_people: Clinic) -> None:
    """What a person has seen is verified, and says on whose word; the other one still waits."""
    clinic = seen_by_people
    clinic.blume.submit_day(normal=2, pdf=0)
    await clinic.relay()
    one, other = clinic.rows()
    attest(clinic, one.key)

    report = await clinic.relay()

    assert clinic.ledger.effect(one.key).rung is Rung.ATTESTED
    assert clinic.states() == {S.VERIFIED: 1, S.LANDED: 1}
    assert [each.key for each in report.attention] == [other.key]
    assert [task.key for task in clinic.ledger.tasks("lakeside")] == [other.key]
    (answered,) = clinic.ledger.tasks("lakeside", [TaskState.ATTESTED])
    assert (answered.key, answered.attested_by) == (one.key, "on-call")
    assert clinic.powerserver.messages_received == 2


async def test_a_persons_word_cannot_be_given_for_what_never_left(seen_by_people: Clinic) -> None:
    """Only what has landed can be verified; the ledger takes no other word for green."""
    clinic = seen_by_people
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(normal=1, pdf=0)
    await clinic.relay()

    with pytest.raises(Exception, match="planned"):
        attest(clinic, clinic.rows()[0].key)


async def test_a_doubt_where_people_look_is_parked_for_them(seen_by_people: Clinic) -> None:
    """Whether it arrived a person has to see; found there, it is done by hand."""
    clinic = seen_by_people
    clinic.powerserver.faults.lose_answers = 1
    clinic.blume.submit_day(normal=1, pdf=0)
    report = await clinic.relay()
    (row,) = clinic.rows()

    clinic.ledger.move(row.key, S.DONE_BY_HAND, who="on-call", why="it is there")
    after = await clinic.relay(since=row.source_updated_at)

    assert [each.reason for each in report.attention] == ["look-by-hand"]
    assert after.totals.buckets == {Bucket.DONE_BY_HAND: 1}
    assert len(clinic.powerserver.documents) == 1
