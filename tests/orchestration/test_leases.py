"""Slots of strict limits outlive neither their holder nor the server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.local_server import LocalServer
from tests.orchestration.runs import slots_taken, soon

LIMIT = "relay-forms-restarted"
FORGETFUL = {
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.memory"
}


@contextmanager
def _client_of(server: LocalServer) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: server.api_url}),
        get_client(sync_client=True) as client,
    ):
        yield client


@pytest.mark.long
@pytest.mark.prefect_server
def test_a_slot_comes_free_although_the_server_was_killed(tmp_path: Path) -> None:
    """
    A run holds its organization's turn and dies; then the server dies too. With leases on disk,
    as our settings say, the slot comes free after the restart; with Prefect's default, leases in
    memory, it is taken for ever and no sweep of that organization would run again.
    """
    servers = [
        LocalServer(tmp_path / "ours"),
        LocalServer(tmp_path / "default", extra_settings=FORGETFUL),
    ]
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.close)
            server.start()
        for server in servers:
            server.wait()
            with _client_of(server) as client:
                client.upsert_global_concurrency_limit_by_name(LIMIT, 1)
                client.increment_concurrency_slots_with_lease(
                    names=[LIMIT], slots=1, mode="concurrency", lease_duration=60
                )
        for server in servers:
            server.kill()
            server.start()
        for server in servers:
            server.wait()
        ours, default = servers
        with _client_of(ours) as client:
            soon(_is_free(client), timeout_s=150)
        with _client_of(default) as client:
            assert slots_taken(client, LIMIT) == 1


def _is_free(client: SyncPrefectClient) -> Callable[[], bool | None]:
    return lambda: slots_taken(client, LIMIT) == 0 or None
