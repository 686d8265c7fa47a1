"""One odd form among good ones: it waits for a person, and stops no other."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.domain.totals import Bucket
from tests.delivery.clinic import Clinic, a_clinic

Change = Callable[[dict[str, Any]], None]


def authored(value: str) -> Change:
    return lambda source: source.update(authored=value)


def attachment(**elements: str) -> Change:
    def change(source: dict[str, Any]) -> None:
        there = source["content"][0]["attachment"]
        if "url" in elements:
            there.pop("data", None)
        there.update(elements)

    return change


def twice(source: dict[str, Any]) -> None:
    """Two documents under one entry: delivering either would lose the other."""
    source["content"] = [*source["content"], *source["content"]]


ODD = [
    pytest.param("normal", authored("0001-01-01T00:00:00Z"), id="a program's smallest moment"),
    pytest.param("normal", authored("0001-01-01T00:00:00"), id="the same without an offset"),
    pytest.param("normal", authored("9999-12-31T23:59:59-12:00"), id="a program's largest moment"),
    pytest.param("normal", authored("1800-05-05T10:00:00Z"), id="another century"),
    pytest.param("pdf", attachment(url="http://[::1"), id="half an address"),
    pytest.param("pdf", attachment(url="Binary/\x00x"), id="a control character in an address"),
    pytest.param("pdf", attachment(url="Binary/" + "x" * 70_000), id="an address without end"),
    pytest.param("pdf", attachment(url="http://xn--/\u00ad"), id="a host that is none"),
    pytest.param("pdf", attachment(title="x\ud83d"), id="half an emoji in a title"),
    pytest.param("pdf", twice, id="two PDFs in one"),
]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("form", "change"), ODD)
async def test_it_waits_and_the_others_go(clinic: Clinic, form: str, change: Change) -> None:
    """Twice, since what fails in each run stops the work for good."""
    submit = clinic.blume.submit_normal if form == "normal" else clinic.blume.submit_pdf
    note = submit(clinic.world.visits[0], "clinical")
    source = dict(clinic.omegaai.read(*note.source_id.split("/")))
    source.pop("meta")
    change(source)
    clinic.omegaai.load([source])

    for visit in clinic.world.visits[1:3]:
        clinic.blume.submit_normal(visit, "clinical")
        report = await clinic.relay()
        assert report.totals.buckets[Bucket.VERIFIED] >= 1
        clinic.forward(minutes=10)

    assert len(clinic.powerserver.documents) == 2
    assert len(report.attention) == 1


async def test_a_questionnaire_whose_url_is_a_list(clinic: Clinic) -> None:
    """It is called by nobody, and hides no other."""
    odd = {"resourceType": "Questionnaire", "id": "odd", "status": "active", "url": ["x"]}
    clinic.omegaai.load([odd])
    clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    report = await clinic.relay()
    assert report.totals.buckets == {Bucket.VERIFIED: 1}
