"""One run at a time for one organization and process; and what happens without that guard."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

import tasks.turns
from deployments.bootstrap import bootstrap
from deployments.catalogue import ROOT, read
from deployments.local_server import LocalServer
from deployments.secrets_given import new_site_key
from tasks.turns import turn_of
from tests.orchestration.tiny_flows import tiny

pytestmark = [pytest.mark.prefect_server, pytest.mark.long]

TEXT = (ROOT / "deployments/organizations/lakeside.yaml").read_text(encoding="utf-8")
SLUG, OTHER = "turned", "turned-elsewhere"


@pytest.fixture(scope="module", autouse=True)
def enrolled(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Two organizations, each with its own strict limit."""
    for slug in (SLUG, OTHER):
        bootstrap(
            [(TEXT.replace("slug: lakeside\n", f"slug: {slug}\n"), f"{slug}.yaml")],
            catalogue=read(ROOT / "tests/orchestration/tiny_prefect.yaml"),
            environment={
                "ACCORD_SITE_KEY": new_site_key(),
                "ACCORD_OMEGAAI_CLIENT_SECRET": "x",
                "ACCORD_PRIVATE_DIRECTORY": str(tmp_path_factory.mktemp(slug)),
            },
            active=False,
        )
    yield


def run(organization: str) -> Any:
    return tiny(organization, return_state=True)


def test_a_run_beside_another_of_its_organization_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends as Cancelled and says who has the turn; the limit is one organization's own."""
    with monkeypatch.context() as patched, turn_of("tiny", SLUG):
        patched.setattr(tasks.turns, "WAIT_OF_A_PERSON_S", 1.0)
        beside = run(SLUG)
        assert beside.name == "Cancelled"
        assert f"holds tiny-{SLUG}:" in str(beside.message)
    assert run(OTHER).name == "CompletedWithHolds"
    assert run(SLUG).name == "CompletedWithHolds"


def test_without_the_strict_limit_both_would_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is what keeps them apart: taken away, the second does its work beside the first."""
    with turn_of("tiny", SLUG):
        monkeypatch.setattr(tasks.turns, "concurrency", lambda *_, **__: nullcontext())
        assert run(SLUG).name == "CompletedWithHolds"
