"""The runs after which nothing of a patient may be left: good ones, failing ones, decisions."""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import FlowRunSort
from prefect.logging.handlers import APILogHandler

import flows.relay_forms as relay
from accord.domain.effects import EffectState
from accord.ledger.humantasks import TaskToOpen
from accord.quality.submissions import NEVER_RELEASED
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.blume_mischief import MISCHIEF, misbehave
from flows.attest_task import attest_task
from flows.done_by_hand import done_by_hand
from flows.forget_old import forget_old
from flows.release_hold import release_hold
from flows.retry_effect import retry_effect
from flows.set_mode import set_mode
from tests.orchestration.marked_patients import PATIENTS, MarkedWriter, Marks
from tests.orchestration.quoting_peers import (
    quoting_dicom_station,
    quoting_hl7_listener,
    quoting_outcome,
    quoting_token_endpoint,
)
from tests.orchestration.runs import soon
from tests.orchestration.towns import EnrolledTown
from tests.spec.strangers import a_stranger

LOGGERS = ("", "prefect", "prefect.flow_runs", "prefect.task_runs", "accord")


class Patients:
    """The marked patients of one town, submitting forms as they are told."""

    def __init__(self, enrolled: EnrolledTown, marks: Marks) -> None:
        self.enrolled, self.marks = enrolled, marks
        setting = enrolled.town.world.setting
        self._writer = MarkedWriter(marks, 1, setting, lambda: datetime.now(UTC))

    def submit(self, *kinds: str) -> list[Submitted]:
        """Submit 'normal' and 'pdf' forms, or odd ones by their name in the sandbox's table."""
        notes, visit = [], self.enrolled.town.world.visits[0]
        for kind in kinds:
            own = self._writer.another(visit)
            arrival = self._writer.arrival(own)
            if kind in MISCHIEF:
                arrival, (forms, note) = [], misbehave(kind, self._writer, own)
            else:
                forms, note = getattr(self._writer, kind)(own, "clinical")
            self.enrolled.town.omegaai.load([*arrival, *forms])
            notes.append(note)
        self.enrolled.town.meet()
        return notes


@dataclass
class Aftermath:
    """What is left after all runs."""

    town: EnrolledTown
    home: Path
    logs: Path
    ended: dict[str, str] = field(default_factory=dict)
    """Scenario -> the final state's name and message."""

    def of(self, scenario: str, state: State[Any]) -> None:
        """Note how a run ended."""
        self.ended[scenario] = f"{state.name}: {state.message}"


@contextlib.contextmanager
def everything_logged(directory: Path) -> Iterator[Path]:
    """Write every log record from INFO up, and all that is printed, to files."""
    directory.mkdir(exist_ok=True)
    handler = logging.FileHandler(directory / "records.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r"))
    handler.setLevel(logging.INFO)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    saved = [os.dup(number) for number in (1, 2)]
    printed = os.open(directory / "printed.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        for number in (1, 2):
            os.dup2(printed, number)
        yield directory
    finally:
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        os.close(printed)
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """Let retries come at once."""
    names = ("observe_submissions", "screen_submissions", "observe_documents", "deliver_documents")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*names, "verify_documents", "plan_relays"):
            patch.setattr(getattr(relay, name), "retries", 1)
            patch.setattr(getattr(relay, name), "retry_delay_seconds", [0])
        yield


def good_runs(left: Aftermath, patients: Patients) -> None:
    """Delivered, held by every rule, amended, withdrawn, and shown without being done."""
    town = left.town
    delivered = patients.submit("normal", "normal", "pdf")
    left.of("dry run", town.relay(dry_run=True))
    left.of("good", town.relay())
    patients.submit(*MISCHIEF)
    town.town.blume.amend(delivered[0])
    town.town.blume.withdraw(delivered[1])
    left.of("every mischief", town.relay())


def failing_runs(left: Aftermath, patients: Patients) -> None:
    """Each peer fails, and quotes the patient wherever its protocol has room for a text."""
    town, sim = left.town, left.town.town
    base = f"fhir_base: {sim.omegaai.base_url}"
    for status in ("422 Unprocessable Entity", "200 OK", "500 Internal Server Error"):
        with a_stranger(quoting_outcome(PATIENTS, status)) as port:
            moved = f"fhir_base: http://127.0.0.1:{port}/r4"
            elsewhere(left, f"FHIR quotes, {status}", base, moved)
    token = f"token_url: {sim.omegaai.token_url}"
    with a_stranger(quoting_token_endpoint(PATIENTS)) as port:
        elsewhere(left, "token quotes", token, f"token_url: http://127.0.0.1:{port}/token")
    patients.submit("normal", "pdf")
    with quoting_dicom_station(PATIENTS) as port:
        elsewhere(left, "DICOM quotes", f"port: {sim.powerserver.dicom_port}", f"port: {port}")
    sim.powerserver.faults.read_back_down = True
    left.of("DICOM down", town.relay())
    sim.powerserver.faults.read_back_down = False
    with quoting_hl7_listener("AE") as port:
        elsewhere(left, "AE quotes", f"port: {sim.powerserver.hl7_port}", f"port: {port}")
    patients.submit("normal", "normal", "pdf")
    sim.omegaai.faults.change({"malformed_entry": 1, "nameless_entry": 1, "half_a_page": 1})
    sim.powerserver.faults.refuse_connections = True
    left.of("PowerServer down", town.relay())
    sim.omegaai.faults.clear()
    sim.powerserver.faults.refuse_connections = False
    left.of("a task raises", broken_outbox(town))


def elsewhere(left: Aftermath, scenario: str, here: str, there: str) -> None:
    """Run once with one address changed in the organization file."""
    left.town.change_file(here, there)
    left.of(scenario, left.town.relay())
    left.town.change_file(here, here)


def wait_until_due(town: EnrolledTown) -> None:
    """Wait until what was given back may be claimed again."""
    with town.database.open() as ledger:
        rows = ledger.open_effects(town.slug, "relay-forms", [EffectState.PLANNED])
    due = max((row.not_before for row in rows if row.not_before), default=datetime.now(UTC))
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))


def broken_outbox(town: EnrolledTown) -> State[Any]:
    """Run over orders that the disk has damaged: the error is about their very text."""
    wait_until_due(town)
    faults = town.town.powerserver.faults
    faults.change({"lose_answers": 99})  # what never left would simply be prepared anew
    port = f"port: {town.town.powerserver.hl7_port}"
    town.change_file(port, f"{port}\n        answer_timeout_s: 1")
    town.relay()
    town.change_file(port, port)
    faults.change({"lose_answers": 0})
    _change_outbox(town, "'[' || document_order")
    state = town.relay()
    _change_outbox(town, "substr(document_order, 2)")
    return state


def _change_outbox(town: EnrolledTown, text: str) -> None:
    with contextlib.closing(sqlite3.connect(town.private / "outbox.db")) as db, db:
        changed = db.execute(f"UPDATE waiting SET document_order = {text}")
        assert changed.rowcount


def decisions(left: Aftermath, patients: Patients) -> None:
    """People release, retry and attest; one key is wrong."""
    slug, who = left.town.slug, {"who": "on-call", "why": "looked at it"}
    with left.town.database.open() as ledger:
        all_held = ledger.open_effects(slug, "relay-forms", [EffectState.HELD])
        held = next(row for row in all_held if row.reason not in NEVER_RELEASED)
        other = next(row for row in all_held if row.reason in NEVER_RELEASED)
        (rejected, *_) = ledger.open_effects(slug, "relay-forms", [EffectState.REJECTED])
    for name, flow, key in (
        ("release", release_hold, held.key),
        ("not released", release_hold, other.key),
        ("retry", retry_effect, rejected.key),
        ("by hand", done_by_hand, other.key),
        ("unknown key", release_hold, "A" * 20),
        ("task", attest_task, an_open_task(left.town)),
        ("unknown task", attest_task, "A" * 20),
    ):
        left.of(name, flow(slug, key, **who, return_state=True))
    left.of("forget", forget_old(slug, return_state=True))
    left.of("deliver", set_mode(slug, "deliver", **who, return_state=True))
    left.of("at last", left.town.relay())
    patients.submit("normal", "pdf")
    left.of("watch", set_mode(slug, "watch", **who, return_state=True))
    left.of("left waiting", left.town.relay())


def an_open_task(town: EnrolledTown) -> str:
    """Open a human task as a run does."""
    asked = {"organization": town.slug, "process": "relay-forms", "kind": "duplicate-document"}
    with town.database.open() as ledger:
        return ledger.open_task(TaskToOpen.model_validate({**asked, "about": "a-test"})).id


def everything_has_arrived(left: Aftermath) -> None:
    """Wait until Prefect's server has all log records and events of this process."""
    APILogHandler().flush()
    with get_client(sync_client=True) as client:
        (last,) = client.read_flow_runs(limit=1, sort=FlowRunSort.START_TIME_DESC)
        wanted = {"resource": {"id": [f"prefect.flow-run.{last.id}"]}}
        wanted["event"] = {"name": [f"prefect.flow-run.{last.state_name}"]}

        def arrived() -> bool | None:
            answer = client.request("POST", "/events/filter", json={"filter": wanted})
            return bool(answer.json()["events"]) or None

        soon(arrived, timeout_s=30)
    assert left.home.exists()
