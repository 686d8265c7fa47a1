"""A form's time as servers really write it: with fractions of a second, in any offset."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from accord.domain.totals import Bucket
from tests.delivery.clinic import Clinic, a_clinic

NOW = datetime.now(UTC) - timedelta(minutes=2)
BRASILIA = timezone(timedelta(hours=-3))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


async def test_fractions_of_a_second_stop_no_form(clinic: Clinic) -> None:
    """FHIR's dateTime and instant may hold any number of digits; many servers write three."""
    times = [
        NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        NOW.astimezone(BRASILIA).isoformat(timespec="microseconds"),
        NOW.isoformat(timespec="seconds"),
    ]
    for visit, authored in zip(clinic.world.visits, times, strict=False):
        note = clinic.blume.submit_normal(visit, "clinical")
        source = dict(clinic.omegaai.read(*note.source_id.split("/"))) | {"authored": authored}
        source.pop("meta")
        clinic.omegaai.load([source])

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: len(times)}
