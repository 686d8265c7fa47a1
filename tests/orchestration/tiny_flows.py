"""Flows as small as can be, for tests that need a real worker."""

import os
import time
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.turns import in_turn, turn_of


@flow(name="tiny", flow_run_name="tiny/{organization}", persist_result=False)
@in_turn("tiny")
def tiny(organization: str, fail: bool = False, dry_run: bool = False) -> State[Any]:
    """Do nothing at all, well or badly."""
    if fail:
        raise RuntimeError("told to fail")
    return Completed(name="CompletedWithHolds", message="heartbeat " + _heartbeat())


@flow(name="holder", flow_run_name="holder/{organization}", persist_result=False)
def holder(organization: str, mark: str) -> None:
    """Take the organization's turn, say so by a file, and hold it until killed; end on a retry."""
    with turn_of("tiny", organization):
        if not Path(mark).exists():
            Path(mark).write_text(str(os.getpid()))
            time.sleep(600)


def _heartbeat() -> str:
    return os.environ.get("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "unset")
