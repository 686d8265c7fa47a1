"""The bootstrap against a real Prefect server: once, twice, and after a person has been there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.responses import DeploymentResponse, SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed, Pending, Running
from pydantic import SecretStr

from accord.domain.organization_text import WrongOrganizationFile
from accord.ledger.errors import LedgerOfAnotherKey
from blocks.base import UnknownOrganization
from blocks.ledger import LedgerDatabase
from blocks.omegaai import OmegaAI
from blocks.site import Site
from deployments.bootstrap import NoServer, bootstrap
from deployments.catalogue import ROOT, Catalogue, read
from deployments.documents import SiteKeyChanges
from deployments.enrolment import defaults, enrolled
from deployments.local_server import LocalServer
from deployments.secrets_given import MissingSecret, new_site_key
from tests.orchestration.runs import soon

pytestmark = pytest.mark.prefect_server

TEXT = (ROOT / "deployments/organizations/lakeside.yaml").read_text(encoding="utf-8")
SLUG = "tested"
ORGANIZATION = TEXT.replace("slug: lakeside\n", f"slug: {SLUG}\n")


@pytest.fixture(scope="module")
def tiny() -> Catalogue:
    """A catalogue of flows that need no peers."""
    return read(ROOT / "tests/orchestration/tiny_prefect.yaml")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The secrets of one organization."""
    return {
        "ACCORD_SITE_KEY": new_site_key(),
        "ACCORD_OMEGAAI_CLIENT_SECRET": "hunter2-of-omegaai",
        "ACCORD_PRIVATE_DIRECTORY": str(tmp_path_factory.mktemp("private")),
    }


@pytest.fixture(scope="module")
def client(
    prefect_server: LocalServer, tiny: Catalogue, given: dict[str, str]
) -> Iterator[SyncPrefectClient]:
    """A client of a server on which the bootstrap has run at least once."""
    bootstrap([(ORGANIZATION, "tested.yaml")], catalogue=tiny, environment=given)
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(scope="module")
def real_flows(client: SyncPrefectClient) -> None:
    """The real flows are deployed too, for no organization."""
    bootstrap()


def _everything(client: SyncPrefectClient) -> dict[str, Any]:
    deployments = {
        f"{client.read_flow(d.flow_id).name}/{d.name}": d for d in client.read_deployments()
    }
    return {
        "deployments": {name: d.id for name, d in deployments.items()},
        "schedules": [
            (name, s.id, s.slug, s.active, s.parameters)
            for name, d in deployments.items()
            for s in client.read_deployment_schedules(d.id)
        ],
        "limits": sorted(
            (limit.name, limit.limit) for limit in client.read_global_concurrency_limits()
        ),
        "automations": sorted((a.name, str(a.id)) for a in client.read_automations()),
        "pools": [pool.name for pool in client.read_work_pools()],
        "blocks": sorted(
            (document.block_type_name, document.name) for document in client.read_block_documents()
        ),
        "variables": [variable.name for variable in client.read_variables()],
    }


def test_a_second_run_changes_nothing(
    client: SyncPrefectClient, tiny: Catalogue, given: dict[str, str]
) -> None:
    """Same ids, same schedules, nothing doubled: it may be run whenever in doubt."""
    before = _everything(client)
    bootstrap([(ORGANIZATION, "tested.yaml")], catalogue=tiny, environment=given)
    assert _everything(client) == before
    assert [name for name, limit in before["limits"] if name == f"tiny-{SLUG}"]
    assert len(before["automations"]) == 2
    assert {name for _, name in before["blocks"] if name == SLUG}


def test_an_active_schedule_makes_runs_with_its_organization(client: SyncPrefectClient) -> None:
    """
    Prefect 3.8's scheduler dies in every round under SQLAlchemy 2.1, with nothing but a traceback
    in the server's log: no schedule ever makes a run. Hence our bound on SQLAlchemy; this is the
    test that notices when a new lock breaks it again.
    """
    sweep = client.read_deployment_by_name("tiny/sweep")
    runs = soon(lambda: client.get_scheduled_flow_runs_for_deployments([sweep.id]), timeout_s=60)
    assert all(run.parameters == {"organization": SLUG} for run in runs)


@pytest.mark.parametrize(
    ("deployment", "typed"),
    [
        ("relay-forms/on-call", {"organization": "Maria Souza"}),
        ("release-hold/one-item", {"key": "Maria Souza"}),
        ("retry-effect/one-item", {"key": "0042^^^LAKESIDE"}),
        ("done-by-hand/one-item", {"who": " "}),
        ("attest-task/one-item", {"why": ""}),
        ("attest-task/one-item", {"why": "x" * 201}),
        ("set-mode/switch", {"mode": "off"}),
    ],
)
def test_what_is_no_key_and_no_reason_is_refused_before_it_is_stored(
    client: SyncPrefectClient, real_flows: None, deployment: str, typed: dict[str, str]
) -> None:
    """Prefect keeps the parameters of every run: a patient's name typed as a key is not one."""
    rightly = {"organization": SLUG, "key": "A" * 20, "task": "A" * 20, "who": "Ana", "why": "seen"}
    found = client.read_deployment_by_name(deployment)
    wanted = {**rightly, "mode": "watch", **typed}
    asked = {name: value for name, value in wanted.items() if name in _parameters_of(found)}
    before = client.count_flow_runs()

    with pytest.raises(PrefectHTTPStatusError, match="409"):
        client.create_flow_run_from_deployment(found.id, parameters=asked)

    assert client.count_flow_runs() == before


def _parameters_of(deployment: DeploymentResponse) -> dict[str, Any]:
    schema: dict[str, Any] = (deployment.parameter_openapi_schema or {})["properties"]
    return schema


def test_what_an_operator_paused_stays_paused(
    client: SyncPrefectClient, tiny: Catalogue, given: dict[str, str]
) -> None:
    """A rollout must not switch on what somebody switched off for a reason."""
    sweep = client.read_deployment_by_name("tiny/sweep")
    (schedule,) = client.read_deployment_schedules(sweep.id)
    client.update_deployment_schedule(sweep.id, schedule.id, active=False)
    bootstrap([(ORGANIZATION, "tested.yaml")], catalogue=tiny, environment=given)
    (after,) = client.read_deployment_schedules(sweep.id)
    assert not after.active


def test_pausing_a_schedule_does_not_make_it_forget_its_organization(
    client: SyncPrefectClient, tiny: Catalogue, given: dict[str, str]
) -> None:
    """
    Prefect 3.8 empties a schedule's parameters when it is paused by itself, as the UI's switch
    does. With one organization the deployment's default still names it; and the bootstrap, run
    again, mends the schedule.
    """
    sweep = client.read_deployment_by_name("tiny/sweep")
    (schedule,) = client.read_deployment_schedules(sweep.id)
    client.update_deployment_schedule(sweep.id, schedule.id, active=False)
    (emptied,) = client.read_deployment_schedules(sweep.id)
    assert emptied.parameters == {}, "Prefect has mended this: so may we"
    if enrolled().keys() == {SLUG}:
        assert sweep.parameters == {"organization": SLUG}
    bootstrap([(ORGANIZATION, "tested.yaml")], catalogue=tiny, environment=given)
    (mended,) = client.read_deployment_schedules(sweep.id)
    assert mended.parameters == {"organization": SLUG}


@pytest.mark.parametrize(
    ("slugs", "filled_in"),
    [([], {}), (["a"], {"organization": "a"}), (["a", "b"], {})],
    ids=["none", "one", "several"],
)
def test_forms_are_filled_in_where_there_is_no_choice(
    slugs: list[str], filled_in: dict[str, str]
) -> None:
    """With several organizations a person chooses, every time."""
    assert defaults(dict.fromkeys(slugs, "pt-BR")) == filled_in


def test_the_schedule_carries_zone_slug_and_parameters(client: SyncPrefectClient) -> None:
    """The organization is a parameter of the schedule; the zone is its first facility's."""
    (schedule,) = client.read_deployment_schedules(client.read_deployment_by_name("tiny/sweep").id)
    assert schedule.slug == f"tiny-{SLUG}"
    assert schedule.parameters == {"organization": SLUG}
    assert getattr(schedule.schedule, "timezone", "") == "America/Sao_Paulo"


def test_a_secret_not_given_again_stays(client: SyncPrefectClient, tiny: Catalogue) -> None:
    """A new organization file needs no secrets at hand."""
    changed = ORGANIZATION.replace("name: Lakeside Imaging", "name: Lakeside Renamed")
    bootstrap([(changed, "tested.yaml")], catalogue=tiny, environment={})
    secret = OmegaAI.of(SLUG).client_secret
    assert secret is not None
    assert secret.get_secret_value() == "hunter2-of-omegaai"
    assert Site.of(SLUG).file.organization.name == "Lakeside Renamed"


def test_another_site_key_is_refused(client: SyncPrefectClient, tiny: Catalogue) -> None:
    """Under another key every form would get another name and be sent again."""
    before = LedgerDatabase.of(SLUG).key
    with pytest.raises(SiteKeyChanges, match="sent again"):
        bootstrap(
            [(ORGANIZATION, "tested.yaml")],
            catalogue=tiny,
            environment={"ACCORD_SITE_KEY": new_site_key()},
        )
    assert LedgerDatabase.of(SLUG).key == before


def test_the_ledger_of_another_site_key_is_refused(
    client: SyncPrefectClient, tiny: Catalogue, given: dict[str, str]
) -> None:
    """Two keys in one audit trail break it for both; a setting without slug points there."""
    text = TEXT.replace("slug: lakeside\n", "slug: a-second\n")
    with pytest.raises(LedgerOfAnotherKey, match=r"ACCORD_<SLUG>_LEDGER_URL"):
        bootstrap(
            [(text, "a-second.yaml")],
            catalogue=tiny,
            environment={**given, "ACCORD_SITE_KEY": new_site_key()},
        )
    with pytest.raises(UnknownOrganization):
        Site.of("a-second")
    with LedgerDatabase.of(SLUG).open() as ledger:
        assert ledger.verify_audit().seq > 0


async def test_the_connection_test_finds_it_too(client: SyncPrefectClient) -> None:
    """Whoever edits the block in the UI, or restores the wrong database, is told."""
    right = LedgerDatabase.of(SLUG)
    wrong = LedgerDatabase(url=right.url, site_key=SecretStr(new_site_key()))
    assert [finding.is_fine for finding in await right.check()] == [True]
    (finding,) = await wrong.check()
    assert "another site key" in finding.problem


def test_no_secret_lies_in_the_servers_answers_or_files(
    client: SyncPrefectClient, prefect_server: LocalServer, given: dict[str, str]
) -> None:
    """Blocks are encrypted in the database; nothing else was given a secret."""
    shown = client.request("POST", "/deployments/filter", json={}).text
    shown += client.request("POST", "/block_documents/filter", json={}).text
    kept = b"".join(path.read_bytes() for path in prefect_server.home.glob("prefect.db*"))
    for secret in (given["ACCORD_SITE_KEY"], given["ACCORD_OMEGAAI_CLIENT_SECRET"]):
        assert secret not in shown
        assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("text", "environment", "refusal"),
    [
        pytest.param("site: {}", {}, WrongOrganizationFile, id="wrong file"),
        pytest.param(
            TEXT.replace("slug: lakeside\n", "slug: keyless\n"),
            {"ACCORD_OMEGAAI_CLIENT_SECRET": "x"},
            MissingSecret,
            id="no site key",
        ),
        pytest.param(
            TEXT.replace("slug: lakeside\n", "slug: keyless\n"),
            {"ACCORD_SITE_KEY": new_site_key()},
            MissingSecret,
            id="no client secret",
        ),
    ],
)
def test_a_refused_organization_leaves_no_trace(
    text: str,
    environment: dict[str, str],
    refusal: type[Exception],
    client: SyncPrefectClient,
    tiny: Catalogue,
    tmp_path: Path,
) -> None:
    """Neither block nor limit nor schedule: half an organization is worse than none."""
    before = _everything(client)
    with pytest.raises(refusal):
        bootstrap(
            [(text, "refused.yaml")],
            catalogue=tiny,
            environment={**environment, "ACCORD_PRIVATE_DIRECTORY": str(tmp_path)},
        )
    assert _everything(client) == before
    assert "keyless" not in enrolled()


def test_a_sweep_that_finds_one_running_is_cancelled(client: SyncPrefectClient) -> None:
    """By the deployment's limit, before a process is started; the place comes free at the end."""
    sweep = client.read_deployment_by_name("tiny/sweep")
    runs = [
        client.create_flow_run_from_deployment(sweep.id, parameters={"organization": SLUG}).id
        for _ in range(3)
    ]
    first, second, third = runs
    client.set_flow_run_state(first, Pending())
    client.set_flow_run_state(first, Running())
    refused: OrchestrationResult[Any] = client.set_flow_run_state(second, Pending())
    assert refused.state is not None
    assert refused.state.is_cancelled()
    assert "limit" in (refused.state.message or "")
    client.set_flow_run_state(first, Completed())
    assert client.set_flow_run_state(third, Pending()).status is SetStateStatus.ACCEPT
    client.set_flow_run_state(third, Cancelled(), force=True)


def test_the_real_catalogue_is_deployed_with_forms_that_refuse_nonsense(
    client: SyncPrefectClient,
) -> None:
    """Before any process is started: a parameter that is missing or of a wrong kind."""
    bootstrap()
    on_call = client.read_deployment_by_name("relay-forms/on-call")
    assert on_call.description == read().describe("relay-forms/on-call", enrolled().values())
    switch = client.read_deployment_by_name("set-mode/switch")
    right = {"organization": SLUG, "mode": "watch", "who": "a", "why": "b"}
    for wrong in ({**right, "mode": "everything"}, {**right, "who": 7}, {"mode": "watch"}):
        with pytest.raises(PrefectHTTPStatusError, match="409"):
            client.create_flow_run_from_deployment(switch.id, parameters=wrong)


def test_without_a_server_it_says_what_to_set() -> None:
    """Not a traceback of the HTTP library."""
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(NoServer, match="PREFECT_API_URL"),
    ):
        bootstrap()


@pytest.mark.long
def test_it_says_which_fields_of_a_file_in_use_have_changed(
    client: SyncPrefectClient, tiny: Catalogue, given: dict[str, str]
) -> None:
    """A file of another site under the same slug shows at once; values are not repeated."""
    del client
    changed = ORGANIZATION.replace("time_zone: America/Sao_Paulo", "time_zone: America/Manaus", 1)
    assert changed != ORGANIZATION
    told: list[list[str]] = []
    bootstrap([(ORGANIZATION, "f.yaml")], catalogue=tiny, environment=given)
    for text in (ORGANIZATION, changed, ORGANIZATION):
        lines: list[str] = []
        bootstrap([(text, "f.yaml")], catalogue=tiny, environment=given, say=lines.append)
        told.append([line for line in lines if "file" in line])

    assert told[0] == [f"organization {SLUG}: its file is the one in use"]
    assert len(told[1]) == len(told[2]) == 1
    assert "time_zone" in told[1][0]
    assert "Manaus" not in told[1][0]
