"""Alerts: one for each condition, opened once and closed once."""

import re
from datetime import UTC, datetime
from typing import cast

from prefect import task
from prefect.artifacts import Artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE

OPEN, CLOSED = "# Open", "# Closed"
_FAILED = frozenset({"Failed", "Crashed", "TimedOut"})


@task(name="note-alert", cache_policy=NO_CACHE, persist_result=False, retries=2)
def note(condition: str, state: str, run: str) -> str:
    """
    Open or close the alert of `condition` and return 'opened', 'closed' or 'unchanged'.

    The alert is an artifact: its latest version says whether it is open, its history when it
    was before.
    """
    key = alert_key(condition)
    latest = cast(Artifact | None, Artifact.get(key))  # a coroutine only in asynchronous code
    is_open = latest is not None and str(latest.data).startswith(OPEN)
    if (state in _FAILED) == is_open:
        return "unchanged"
    word = CLOSED if is_open else OPEN
    create_markdown_artifact(
        key=key,
        description=condition,
        markdown=(
            f"{word}: {condition}\n\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, "
            f"run `{run}` ended as {state}.\n\n"
            + ("" if is_open else "See the run's logs; it may be retried at any moment.\n")
        ),
    )
    return "closed" if is_open else "opened"


def alert_key(condition: str) -> str:
    """Name the alert of a condition as artifacts may be named: lower case, digits, dashes."""
    return "alert-" + re.sub(r"[^a-z0-9]+", "-", condition.lower()).strip("-")
