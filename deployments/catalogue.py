"""What `prefect.yaml` says, checked more strictly than Prefect itself would."""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.cli.deploy._models import ConcurrencyLimitSpec, DeploymentConfig, PrefectYamlModel
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.runner.storage import LocalStorage
from prefect.utilities.callables import parameter_schema
from prefect.utilities.importtools import import_object
from pydantic import Field

from accord.domain.base import Record

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "prefect.yaml"
DEFAULT_LOCALE = "en-US"


class WrongCatalogue(Exception):
    """`prefect.yaml` says something that Prefect would silently ignore, or get wrong."""


class Enrolment(Record):
    """What each organization adds to one deployment: its strict limit, and its schedule."""

    cron: str = ""
    """'': people start it, and nothing else does."""
    limit: str = Field(pattern=r"^[a-z-]+$")
    """The strict global limit is `<limit>-<slug>`."""
    starts_paused: bool = False
    """Whether a new schedule waits for an operator to switch it on: its input is not there yet."""


class Catalogue(Record):
    """The whole of `prefect.yaml`."""

    deployments: tuple[DeploymentConfig, ...]
    enrolments: dict[str, Enrolment]
    """By the deployment's full name, `<flow>/<deployment>`."""
    descriptions: dict[str, dict[str, str]]
    """By full name and locale."""

    @property
    def scheduled(self) -> dict[str, Enrolment]:
        """Those of the enrolments that have a schedule."""
        return {name: each for name, each in self.enrolments.items() if each.cron}

    def describe(self, full_name: str, locales: Iterable[str]) -> str:
        """Give the description in the languages of the sites, English where there is none."""
        texts = self.descriptions.get(full_name, {})
        wanted = sorted(set(locales) & texts.keys()) or [DEFAULT_LOCALE]
        return "\n\n---\n\n".join(texts[locale] for locale in wanted if locale in texts)


def read(path: Path = CATALOGUE) -> Catalogue:
    """
    Read and check `prefect.yaml`.

    Raises:
        WrongCatalogue: an unknown key, or a secret where Prefect would store it in clear.
    """
    text = path.read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    if "prefect.blocks." in text:
        raise WrongCatalogue(
            "a block reference in prefect.yaml is resolved when deploying and stored in clear: "
            "load the block inside the flow"
        )
    for deployment in raw["deployments"]:
        _refuse_unknown_keys(deployment)
    definitions = raw.get("definitions", {})
    return Catalogue(
        deployments=tuple(PrefectYamlModel.model_validate(raw).deployments),
        enrolments=definitions.get("per_organization", {}),
        descriptions=definitions.get("descriptions", {}),
    )


def flow_of(deployment: DeploymentConfig) -> Flow[..., Any]:
    """
    Import a deployment's flow, truly: Prefect's own loader hides a broken import.

    Raises:
        WrongCatalogue: the entrypoint is not a flow of this checkout.
    """
    entrypoint = deployment.entrypoint or ""
    with contextlib.chdir(ROOT):
        found = import_object(entrypoint)
    if not isinstance(found, Flow):
        raise WrongCatalogue(f"entrypoint {entrypoint!r} is not a flow")
    return found


def full_name(deployment: DeploymentConfig) -> str:
    """Give `<flow>/<deployment>`, as the UI and `prefect deployment run` want it."""
    return f"{flow_of(deployment).name}/{deployment.name}"


def deployable(
    deployment: DeploymentConfig,
    *,
    description: str,
    limit: int | None = None,
    defaults: Mapping[str, str] | None = None,
) -> RunnerDeployment:
    """
    Build what Prefect's API is given; nothing is sent until its `apply()`.

    Args:
        defaults: values for those of the flow's parameters that have these names.
        limit: overrides how many runs at a time; None leaves what the file says.
    """
    takes = parameter_schema(flow_of(deployment)).properties
    given = {name: value for name, value in (defaults or {}).items() if name in takes}
    with contextlib.chdir(ROOT):
        built = RunnerDeployment.from_entrypoint(
            deployment.entrypoint or "",
            deployment.name or "",
            description=description or deployment.description,
            tags=list(deployment.tags or []),
            parameters={**given, **deployment.parameters},
            concurrency_limit=_concurrency(deployment, limit),
            work_pool_name=deployment.work_pool.name if deployment.work_pool else None,
        )
    built.storage = LocalStorage(path=str(ROOT))
    return built


def _concurrency(deployment: DeploymentConfig, limit: int | None) -> ConcurrencyLimitConfig | None:
    spec = deployment.concurrency_limit
    if not isinstance(spec, ConcurrencyLimitSpec):
        return None
    return ConcurrencyLimitConfig(
        limit=limit or spec.limit or 1,
        collision_strategy=ConcurrencyLimitStrategy(spec.collision_strategy or "ENQUEUE"),
        grace_period_seconds=spec.grace_period_seconds,
    )


def _refuse_unknown_keys(deployment: Mapping[str, Any]) -> None:
    known = {
        "": set(DeploymentConfig.model_fields),
        "concurrency_limit": set(ConcurrencyLimitSpec.model_fields),
        # No job_variables: they are stored in clear and shown to everybody.
        "work_pool": {"name", "work_queue_name"},
    }
    for part, allowed in known.items():
        found = deployment if not part else deployment.get(part) or {}
        unknown = set(found) - allowed if isinstance(found, Mapping) else set()
        if unknown:
            where = f"deployment {deployment.get('name')!r} {part}".strip()
            raise WrongCatalogue(f"{where}: unknown or forbidden key {sorted(unknown)[0]!r}")
