"""What the server does by itself: it frees what a killed worker left, and it raises alerts."""

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

HEARTBEAT_S = 30
"""How often a run shows that it lives; Prefect's least. Set in the work pool."""

SILENCE = timedelta(seconds=3 * HEARTBEAT_S)
"""A run that was silent this long is taken for dead."""

FAILED = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}
_WATCHED_BY_NOBODY = {"prefect.resource.id": "prefect.tag.alerts", "prefect.resource.role": "tag"}


def automations(note_alert: UUID, *, silence: timedelta = SILENCE) -> list[AutomationCore]:
    """
    List the automations of an installation.

    Args:
        note_alert: id of the deployment that opens alerts.
        silence: how long without a heartbeat makes a run Crashed.
    """
    return [_zombies(silence), _alert_opens(note_alert)]


def apply(client: SyncPrefectClient, wanted: AutomationCore) -> None:
    """Create the automation, or bring the one of that name to what is wanted."""
    same = client.read_automations_by_name(wanted.name)
    if same:
        client.update_automation(same[0].id, wanted)
    else:
        client.create_automation(wanted)


def _zombies(silence: timedelta) -> AutomationCore:
    return AutomationCore(
        name="accord: a run that fell silent has crashed",
        description=(
            "A run whose process was killed cannot say so. Its heartbeats stop, and this marks it "
            "Crashed, which frees its place in the deployment's limit. Its strict limit comes "
            "free by its own lease, and a new run finishes its work."
        ),
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message=(
                    f"No heartbeat for {silence.total_seconds():.0f} s: the run's process is "
                    "gone. Retry it, or let the next run finish its work."
                ),
            )
        ],
    )


def _alert_opens(note_alert: UUID) -> AutomationCore:
    return AutomationCore(
        name="accord: a failure opens an alert",
        description=(
            "A run that nobody watches failed or crashed: one alert for each process and "
            "organization. The next run that completes closes it."
        ),
        trigger=EventTrigger(
            expect=FAILED,
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            match_related=_WATCHED_BY_NOBODY,
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            RunDeployment(
                deployment_id=note_alert,
                parameters={"run": {"__prefect_kind": "jinja", "template": "{{ flow_run.id }}"}},
            )
        ],
    )
