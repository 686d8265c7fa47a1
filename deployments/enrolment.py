"""One organization on a Prefect server: its blocks, its strict limits and its schedules."""

from collections.abc import Mapping
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule
from prefect.variables import Variable

from accord.domain.organizations import OrganizationFile
from deployments.catalogue import Enrolment

ENROLLED = "accord_organizations"
"""The variable that says which organizations this server serves, by slug, and their locale."""


def enrolled() -> dict[str, str]:
    """Give the enrolled organizations' slugs, each with its locale."""
    found = Variable.get(ENROLLED)
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(slug): str(locale) for slug, locale in pairs}


def note_enrolment(organization: OrganizationFile) -> dict[str, str]:
    """Add one organization to the enrolled ones and return them all."""
    now = enrolled() | {organization.organization.slug: organization.site.locale}
    Variable.set(ENROLLED, dict(sorted(now.items())), overwrite=True)
    return now


def sweeps_at_a_time(organizations: int) -> int:
    """
    Say how many sweeps a deployment may run at a time before new ones are cancelled.

    One organization: one. With several, twice their number: each has at most one sweep at work
    and one that is about to find that out, and must not cost another organization its turn.
    """
    return 1 if organizations <= 1 else 2 * organizations


def defaults(enrolled: Mapping[str, str]) -> dict[str, str]:
    """
    Give the deployments' default parameters: the organization, where there is only one.

    It fills the forms in the UI. And Prefect 3.8 empties a schedule's parameters when the
    schedule is paused by itself: then this default still names the organization. With several
    organizations a schedule that was paused so is mended by running the bootstrap again.
    """
    return {"organization": next(iter(enrolled))} if len(enrolled) == 1 else {}


def limit_one(client: SyncPrefectClient, name: str) -> None:
    """Make the strict limit `name` with one slot, or bring the one that is there to one slot."""
    client.upsert_global_concurrency_limit_by_name(name, 1)


def schedule_of(
    organization: OrganizationFile, full_name: str, enrolment: Enrolment, *, active: bool
) -> DeploymentScheduleCreate:
    """Give an organization's schedule, named by flow and slug, in its first facility's zone."""
    slug = organization.organization.slug
    zone = organization.organization.facilities[0].time_zone
    return DeploymentScheduleCreate(
        slug=f"{full_name.split('/')[0]}-{slug}",
        schedule=CronSchedule(cron=enrolment.cron, timezone=zone),
        active=active and not enrolment.starts_paused,
        parameters={"organization": slug},
    )


def apply_schedule(
    client: SyncPrefectClient, deployment: UUID, wanted: DeploymentScheduleCreate
) -> None:
    """
    Make a schedule, or bring the one of that slug to what is wanted.

    One that is there stays paused or active as it is: that is the operator's decision.
    """
    present = _schedule_named(client, deployment, wanted.slug or "")
    if present is None:
        client.create_deployment_schedules(deployment, [wanted])
    elif (present.schedule, present.parameters) != (wanted.schedule, wanted.parameters):
        client.update_deployment_schedule(
            deployment, present.id, schedule=wanted.schedule, parameters=wanted.parameters
        )


def _schedule_named(
    client: SyncPrefectClient, deployment: UUID, name: str
) -> DeploymentSchedule | None:
    schedules = client.read_deployment_schedules(deployment)
    return next((found for found in schedules if found.slug == name), None)
