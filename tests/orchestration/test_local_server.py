import urllib.request

import pytest

from deployments.local_server import LocalServer

pytestmark = pytest.mark.prefect_server


def test_a_real_prefect_server_starts_with_the_locked_dependencies(
    prefect_server: LocalServer,
) -> None:
    """
    Without our bound on FastAPI, Prefect 3.8.8's server dies at import; this is the test that
    notices when a new lock breaks it again.
    """
    with urllib.request.urlopen(f"{prefect_server.api_url}/admin/version") as answer:
        assert answer.status == 200
