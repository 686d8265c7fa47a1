import urllib.request

import pytest

from deployments.catalogue import ROOT
from deployments.local_server import QUIET, SERVER_SETTINGS, LocalServer


@pytest.mark.prefect_server
def test_a_real_prefect_server_starts_with_the_locked_dependencies(
    prefect_server: LocalServer,
) -> None:
    """
    Without our bound on FastAPI, Prefect 3.8.8's server dies at import; this is the test that
    notices when a new lock breaks it again.
    """
    with urllib.request.urlopen(f"{prefect_server.api_url}/admin/version") as answer:
        assert answer.status == 200


def test_the_example_of_an_installation_says_what_the_demo_does() -> None:
    """Settings that were tried here, with their reasons, are what a site copies."""
    text = (ROOT / "deployments/server.env.example").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    example = dict(line.split("=", 1) for line in lines)
    ours = {**QUIET, **SERVER_SETTINGS}
    assert example == {name: ours[name] for name in example}
    assert SERVER_SETTINGS.keys() <= example.keys()
