"""One run at a time for one organization and process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Cancelled

from blocks.base import BOOTSTRAP
from blocks.site import Site
from tasks.alerts import close_alert
from tasks.desk import desk_kept
from tasks.guarded import guarded

SLOT_LEASE_S = 60
"""A killed worker's slot is free again after this many seconds; Prefect's least."""

WAIT_OF_A_PERSON_S = 600.0
WAIT_OF_A_SWEEP_S = 1.0

P = ParamSpec("P")


class AnotherRunHasTheTurn(Exception):
    """Another run of this process is at work for this organization."""


class MissingLimit(Exception):
    """The limit that keeps runs apart does not exist: without it none may start."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"the concurrency limit {self.limit!r} does not exist on this Prefect server; somebody "
            f"removed it, or the organization was enrolled before this flow: run {BOOTSTRAP}"
        )


@contextmanager
def turn_of(process: str, organization: str) -> Iterator[None]:
    """
    Hold the only turn of one process for one organization: a strict global limit.

    A scheduled sweep that finds one running has nothing to add and does not wait; a person's
    run waits up to ten minutes.

    Raises:
        AnotherRunHasTheTurn: it was not free in time.
        UnknownOrganization: nobody enrolled the organization on this server.
        MissingLimit: the limit does not exist.
    """
    limit = f"{process}-{organization}"
    wait = WAIT_OF_A_SWEEP_S if _was_scheduled() else WAIT_OF_A_PERSON_S
    with ExitStack() as held:
        try:
            held.enter_context(
                concurrency(limit, timeout_seconds=wait, lease_duration=SLOT_LEASE_S, strict=True)
            )
        except TimeoutError:
            raise AnotherRunHasTheTurn(limit) from None
        except ConcurrencySlotAcquisitionError:
            _require_limit(limit, organization)
            raise
        yield


def in_turn(process: str) -> Callable[[Callable[P, State[Any]]], Callable[P, State[Any]]]:
    """
    Let a flow's body run only in its organization's turn, else end it as Cancelled.

    The body's first parameter is the organization's slug.
    """

    def decorate(body: Callable[P, State[Any]]) -> Callable[P, State[Any]]:
        parameters = signature(body)

        @wraps(body)
        def in_its_turn(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
            given = parameters.bind(*args, **kwargs).arguments
            organization = given["organization"]
            try:
                with turn_of(process, organization), desk_kept(organization):
                    state = body(*args, **kwargs)
                if state.is_completed() and not given.get("dry_run"):  # which proves no sending
                    close_alert(process, organization, str(flow_run.id or ""), str(state.name))
                return state
            except AnotherRunHasTheTurn as other:
                return Cancelled(
                    message=f"Another run holds {other}: it sees to what this one would have done."
                )

        return guarded(in_its_turn)

    return decorate


def _require_limit(limit: str, organization: str) -> None:
    """Say what is missing, the organization or only its limit; return if neither is."""
    Site.of(organization)
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(limit)
        except ObjectNotFound:
            raise MissingLimit(limit) from None


def _was_scheduled() -> bool:
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.auto_scheduled)
