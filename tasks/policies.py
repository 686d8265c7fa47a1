"""When a task may be retried, and what Prefect may keep of it: here and nowhere else."""

from typing import Any, TypedDict

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from accord.adapters.errors import Unavailable


class Policy(TypedDict):
    """Settings of the task decorator that every task of ours shares."""

    cache_policy: Any
    persist_result: bool
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any


def worth_retrying(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """
    Retry only what time may heal: a peer that could not be reached, with nothing sent.

    `Uncertain` is not retried here: the ledger knows it is in doubt, and the next step looks.
    `Retry-After` is honoured in the transport; Prefect does not know it.
    """
    try:
        state.result()
    except Unavailable:
        return True
    except Exception:  # every other kind is not for time to heal
        return False
    return False


PATIENT: Policy = {
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": 3,
    "retry_delay_seconds": [2, 10, 30],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": worth_retrying,
}
"""Prefect keeps neither inputs nor results of a task that touches patients' data."""
