"""One patient whose documents PowerServer does not show whole stops nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.delivery.partial import PLACE_NOT_READ
from accord.domain.effects import EffectState, Mode
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.world import Visit
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_recognition import CLINICAL, end_of, sent_by_us, the_vendor_brings
from tests.delivery.test_trail import trail

S = EffectState
LIMIT = 4


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A PowerServer that shows four rows of anything, and says nothing of the rest."""
    with a_clinic(
        tmp_path, dicom={"find_limit": LIMIT}, find_limit=LIMIT, hl7={"answer_timeout_s": 0.5}
    ) as opened:
        yield opened


def crowd(clinic: Clinic, visit: Visit) -> list[FiledDocument]:
    """File so many series of documents in one study that its list is cut short."""
    return [
        the_vendor_brings(
            clinic, visit, CLINICAL, document_type="REFERRAL", series_uid=f"2.25.7{number}"
        )
        for number in range(LIMIT)
    ]


def an_object_without_a_document(clinic: Clinic, visit: Visit) -> list[FiledDocument]:
    """File an object that a query shows and that holds nothing when it is fetched."""
    return [the_vendor_brings(clinic, visit, CLINICAL, b"")]


NOT_WHOLE = pytest.mark.parametrize("spoil", [crowd, an_object_without_a_document])


def tidy_up(documents: list[FiledDocument]) -> None:
    for document in documents:
        document.withdrawn = True


@NOT_WHOLE
async def test_the_others_forms_go_out_and_this_ones_waits(clinic: Clinic, spoil: object) -> None:
    """
    What stands in a place that was not shown whole is neither there, nor absent, nor ambiguous:
    its form stays planned, a person is told, and everybody else's form is verified in this run.
    """
    assert callable(spoil)
    his, hers = clinic.world.visits[:2]
    in_the_way = spoil(clinic, his)
    waits = clinic.blume.submit_normal(his, CLINICAL)
    goes = clinic.blume.submit_normal(hers, CLINICAL)

    reports = [await clinic.relay() for _ in range(2)]

    assert end_of(clinic, goes) == "verified"
    assert end_of(clinic, waits) == "planned"
    assert reports[0].totals.buckets == {Bucket.VERIFIED: 1, Bucket.WAITING: 1}
    assert [report.verdict for report in reports] == [Verdict.WITH_HOLDS] * 2
    assert clinic.task_kinds() == [PLACE_NOT_READ]
    assert sent_by_us(clinic) == 1
    looks = [entry[4] for entry in trail(clinic) if entry[0] == "look"]
    assert looks == ["not-looked-at", "absent", "not-looked-at"]

    tidy_up(in_the_way)
    await clinic.relay()

    assert end_of(clinic, waits) == "verified"
    assert clinic.task_kinds() == []


async def test_a_patients_own_documents_may_wait_for_a_crowded_study(clinic: Clinic) -> None:
    """At patient level all studies are looked through: one that is cut short may hide the form."""
    visit = clinic.world.visits[0]
    crowd(clinic, visit)
    clinic.blume.submit_pdf(visit, "registration")

    await clinic.relay()

    assert clinic.states() == {S.PLANNED: 1}


async def test_a_dry_run_says_that_it_would_wait(clinic: Clinic) -> None:
    """It would not leave, and a dry run asks nobody for anything."""
    his, hers = clinic.world.visits[:2]
    crowd(clinic, his)
    clinic.blume.submit_normal(his, CLINICAL)
    clinic.blume.submit_normal(hers, CLINICAL)

    report = await clinic.relay(dry_run=True)

    assert report.totals.buckets == {Bucket.WOULD_DO: 1, Bucket.WAITING: 1}
    assert clinic.task_kinds() == []


async def test_watching_says_that_it_would_wait(clinic: Clinic) -> None:
    """A night that could not look does not claim what it would have done, this run and the next."""
    clinic.mode(Mode.WATCH)
    his, hers = clinic.world.visits[:2]
    crowd(clinic, his)
    clinic.blume.submit_normal(his, CLINICAL)
    clinic.blume.submit_normal(hers, CLINICAL)

    reports = [await clinic.relay(), await clinic.relay()]

    for report in reports:
        assert report.totals.buckets == {Bucket.WOULD_DO: 1, Bucket.WAITING: 1}


@NOT_WHOLE
@pytest.mark.parametrize("fault", [{}, {"lose_answers": 1}], ids=["landed", "in-doubt"])
async def test_nothing_is_concluded_of_what_cannot_be_read_back(
    clinic: Clinic, spoil: object, fault: dict[str, int]
) -> None:
    """
    What left us stands as it stands, past every deadline, while others are verified; once the
    place is shown whole again it is found, and nothing went out twice.
    """
    assert callable(spoil)
    his, hers = clinic.world.visits[:2]
    clinic.powerserver.faults.change(fault)
    note = clinic.blume.submit_normal(his, CLINICAL)
    spoilt: list[FiledDocument] = []
    await clinic.relay(before={"verify": lambda: spoilt.extend(spoil(clinic, his))})
    left = end_of(clinic, note)
    for _ in range(2):
        clinic.blume.submit_normal(hers, CLINICAL)
        clinic.forward(hours=2)
        await clinic.relay()

    row = next(row for row in clinic.rows() if row.state is not S.VERIFIED)
    assert end_of(clinic, note) == left == ("in doubt no-answer" if fault else "landed")
    assert (row.absent_at, row.attempts) == (None, 1)
    assert clinic.states() == {S.VERIFIED: 2, row.state: 1}
    assert clinic.task_kinds() == [PLACE_NOT_READ]

    tidy_up(spoilt)
    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 3}
    assert clinic.task_kinds() == []
    assert sent_by_us(clinic) == 3
