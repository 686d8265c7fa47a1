"""`prefect.yaml`, tested without a server."""

from pathlib import Path

import pytest
import yaml
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.utilities.callables import parameter_schema

from deployments.catalogue import (
    CATALOGUE,
    WrongCatalogue,
    deployable,
    flow_of,
    full_name,
    read,
)
from deployments.enrolment import sweeps_at_a_time

DEPLOYMENTS = {
    "relay-forms/every-five-minutes",
    "relay-forms/on-call",
    "release-hold/one-item",
    "retry-effect/one-item",
    "done-by-hand/one-item",
    "attest-task/one-item",
    "forget-old/nightly",
    "sync-facilities-and-resources/nightly",
    "check-prerequisites/on-demand",
    "onboard-organization/on-demand",
    "certify-parity/on-demand",
    "accept-site/on-demand",
    "set-mode/switch",
    "note-alert/automation",
}
LEGAL_TYPES = {"string", "boolean"}


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    text = CATALOGUE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "prefect.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_every_deployment_imports_its_flow_and_there_are_no_others() -> None:
    """By the very entrypoints that a worker will use; a broken import shows here."""
    assert {full_name(deployment) for deployment in read().deployments} == DEPLOYMENTS


def test_prefects_own_model_reads_the_file() -> None:
    """So that `prefect deploy --all` works for those who know Prefect."""
    raw = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    assert len(PrefectYamlModel.model_validate(raw).deployments) == len(DEPLOYMENTS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("concurrency_limit:", "concurency_limit:", id="misspelt limit"),
        pytest.param("collision_strategy:", "colision_strategy:", id="misspelt strategy"),
        pytest.param("name: accord\n\ndeployments", "nam: accord\n\ndeployments", id="pool"),
        pytest.param(
            "work_pool: *pool",
            "work_pool: {name: accord, job_variables: {env: {TOKEN: x}}}",
            id="job variables",
        ),
        pytest.param(
            "name: on-call", "name: '{{ prefect.blocks.secret.token }}'", id="block reference"
        ),
    ],
)
def test_what_prefect_would_ignore_or_store_in_clear_is_refused(
    old: str, new: str, tmp_path: Path
) -> None:
    """Prefect accepts each of these without a word."""
    path = _changed(tmp_path, old, new)
    PrefectYamlModel.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    with pytest.raises(WrongCatalogue):
        read(path)


def test_parameters_are_slugs_dates_ids_and_switches() -> None:
    """Nothing structured: whatever is a parameter is stored, shown and repeated by Prefect."""
    for deployment in read().deployments:
        properties = parameter_schema(flow_of(deployment)).properties
        for name, schema in properties.items():
            kinds = {part.get("type") for part in schema.get("anyOf", [schema])} - {"null"}
            assert kinds <= LEGAL_TYPES, f"{deployment.entrypoint}: {name}"


def test_no_parameter_takes_any_text() -> None:
    """A pattern, a choice or a form for each: what Prefect refuses it does not store."""
    for deployment in read().deployments:
        for name, schema in parameter_schema(flow_of(deployment)).properties.items():
            for part in schema.get("anyOf", [schema]):
                bound = {"pattern", "enum", "format", "const"} & set(part)
                assert part.get("type") != "string" or bound, f"{deployment.entrypoint}: {name}"


def test_every_parameter_is_explained_to_the_operator() -> None:
    """The flow's docstring becomes the help of the form in the UI."""
    for deployment in read().deployments:
        for name, schema in parameter_schema(flow_of(deployment)).properties.items():
            assert schema.get("description"), f"{deployment.entrypoint}: {name}"


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_every_deployment_is_described_in_both_languages(locale: str) -> None:
    """Operators read Portuguese or English, by their site's locale."""
    catalogue = read()
    texts = {name: catalogue.describe(name, [locale]) for name in DEPLOYMENTS}
    assert all(len(text) > 60 for text in texts.values())
    assert all(catalogue.describe(name, []) != text for name, text in texts.items()) == (
        locale != "en-US"
    )


def test_a_server_of_several_sites_is_described_in_all_their_languages() -> None:
    """One deployment serves all organizations, and all their operators read it."""
    text = read().describe("set-mode/switch", ["pt-BR", "en-US", "pt-BR"])
    assert "kill switch" in text
    assert "chave geral" in text


def test_a_sweep_that_finds_one_running_is_cancelled_and_on_call_is_not() -> None:
    """The relay's deployments as Prefect's API will get them."""
    catalogue = read()
    by_name = {full_name(deployment): deployment for deployment in catalogue.deployments}
    sweep = deployable(by_name["relay-forms/every-five-minutes"], description="x", limit=4)
    on_call = deployable(by_name["relay-forms/on-call"], description="x", limit=None)
    assert sweep.concurrency_limit == 4
    assert sweep.concurrency_options is not None
    assert sweep.concurrency_options.collision_strategy.value == "CANCEL_NEW"
    assert on_call.concurrency_limit is None
    assert sweep.job_variables == on_call.job_variables == {}


@pytest.mark.parametrize(("organizations", "limit"), [(0, 1), (1, 1), (2, 4), (10, 20)])
def test_no_organization_starves_another(organizations: int, limit: int) -> None:
    """
    All schedules fire at the same minute. While one organization's sweep is long, its next one
    starts, sees that and ends; meanwhile it holds a second place.
    """
    assert sweeps_at_a_time(organizations) == limit
