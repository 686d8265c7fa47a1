"""One FHIR server for each file of tests, and a clock that can be moved on."""

from collections.abc import Iterator

import pytest

from accord.sandbox.omegaai import OmegaAISim
from tests.setup.onboarding import Clock


@pytest.fixture(scope="module")
def sim() -> Iterator[OmegaAISim]:
    """An OmegaAI that takes what it is given; each test begins it anew."""
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def clock() -> Clock:
    """The real time, moved forward by hand."""
    return Clock()
