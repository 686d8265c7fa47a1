"""
Nothing of a patient is kept where it may not be kept.

Patients with a mark in every field submit forms; runs succeed, fail in every way that quotes
them, and people decide about single items. Then everything that Prefect, the ledger and our logs
hold is searched for the marks, in every disguise. Where patient data must lie, only its owner
can read it. At the end the guards are taken away one by one, and each time the marks are found.
"""

import asyncio
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import DEFAULT
from prefect.client.orchestration import get_client
from prefect.logging.handlers import APILogHandler

import tasks.documents as steps
from accord.adapters.errors import Phase, Rejected
from accord.delivery.desk import Desk
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Mode
from accord.domain.relay import Prepared
from accord.intake.service import IntakeService, IntakeSettings
from deployments.bootstrap import bootstrap
from deployments.local_server import LocalServer, start_worker
from tasks import guarded
from tests.orchestration.canary import leaks, sinks
from tests.orchestration.canary_runs import (
    Aftermath,
    Patients,
    decisions,
    everything_has_arrived,
    everything_logged,
    failing_runs,
    good_runs,
    impatient,
)
from tests.orchestration.marked_patients import MESSAGES, PATIENTS, Marks
from tests.orchestration.quoting_peers import quoting_hl7_listener, quoting_outcome
from tests.orchestration.runs import ended, soon, start_run
from tests.orchestration.towns import EnrolledTown, enrolled_town
from tests.spec.strangers import a_stranger

pytestmark = [pytest.mark.prefect_server, pytest.mark.timeout(600)]

SLUG = "canary"


@pytest.fixture(scope="module")
def aftermath(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aftermath]:
    """Play every scenario once; the tests look at what is left."""
    directory = tmp_path_factory.mktemp("canary")
    with (
        everything_logged(directory / "logs") as logs,
        enrolled_town(directory, SLUG) as enrolled,
        impatient(),
    ):
        left = Aftermath(enrolled, prefect_server.home, logs)
        patients = Patients(enrolled, PATIENTS)
        good_runs(left, patients)
        failing_runs(left, patients)
        decisions(left, patients)
        everything_has_arrived(left)
        yield left


# -- the runs were what they are meant to be


@pytest.mark.parametrize(
    ("scenario", "ended"),
    [
        ("good", "Completed: observed 3: verified 3"),
        ("every mischief", "CompletedWithHolds: "),
        ("dry run", "would do 3"),
        ("PowerServer down", "Failed: Flow run encountered an exception: Unavailable: connect"),
        ("DICOM down", "Failed: Flow run encountered an exception: Unavailable"),
        ("DICOM quotes", "the station cannot process it (0xC001)"),
        ("AE quotes", "rejected 2"),
        ("FHIR quotes, 422 Unprocessable Entity", "Rejected: process: GET metadata"),
        ("FHIR quotes, 200 OK", "Malformed: process: GET metadata"),
        ("FHIR quotes, 500 Internal Server Error", "Unavailable: process: GET metadata"),
        ("token quotes", "Rejected: authenticate: the token endpoint refuses us"),
        ("a task raises", "Failed: Flow run encountered an exception: "),
        ("release", "is now: planned"),
        ("retry", "is now: planned"),
        ("by hand", "is now: done by hand"),
        ("not released", "NotForAWord"),
        ("unknown key", "UnknownEffect"),
        ("task", "is now: attested"),
        ("unknown task", "UnknownTask"),
        ("forget", "keep only key, digest and state from now on: 0"),
        ("watch", "mode is now: watch"),
        ("at last", "verified"),
        ("left waiting", "would do 2"),
    ],
)
def test_each_run_ended_as_it_was_meant_to(aftermath: Aftermath, scenario: str, ended: str) -> None:
    """A canary in an empty mine proves nothing: every scenario really took place."""
    assert ended in aftermath.ended[scenario]


def test_the_marks_were_really_there(aftermath: Aftermath) -> None:
    """Where patient data belongs the same search finds them: at the peers and in the outbox."""
    town = aftermath.town.town
    outbox = b"".join(path.read_bytes() for path in aftermath.town.private.glob("outbox.db*"))
    places = [
        ("PowerServer", b"".join(town.powerserver.messages)),
        ("OmegaAI", repr(town.omegaai.resources("Patient")).encode()),
        ("answers", repr(town.omegaai.resources("QuestionnaireResponse")).encode()),
        ("outbox", outbox),
    ]
    for place in places:
        assert leaks([place], PATIENTS.texts), place[0]


# -- and nothing is left of them


def test_no_mark_is_anywhere_in_prefect_the_ledger_or_the_logs(aftermath: Aftermath) -> None:
    """
    Runs, parameters, states, task runs, logs, artifacts, events, block documents, results, the
    ledger with its audit trail, and whatever was logged or printed: plain, in upper case, as PID,
    UTF-16, hexadecimal, URL or base64 at any alignment, compressed or not.
    """
    places = sinks(aftermath.home, aftermath.town.private / "ledger.db", aftermath.logs)
    assert leaks(places, [*PATIENTS.texts, *MESSAGES]) == []


def test_no_mark_is_in_the_name_of_a_file(aftermath: Aftermath) -> None:
    """Cache keys and results are files, and their names are stored in clear."""
    for directory in (aftermath.home, aftermath.town.private, aftermath.logs):
        names = "\n".join(str(path) for path in directory.rglob("*")).encode()
        assert leaks([(str(directory), names)], PATIENTS.texts) == []


def test_what_must_hold_patient_data_is_its_owners_alone(aftermath: Aftermath) -> None:
    """Outbox and ledger are files of mode 0600 in a directory of mode 0700."""
    private = aftermath.town.private
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    modes = _modes(private)
    assert {"outbox.db", "ledger.db"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def _modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


async def test_the_message_store_is_its_owners_alone(aftermath: Aftermath, tmp_path: Path) -> None:
    """The feed of PowerServer is stored apart from everything else, mode 0600, side files too."""
    store, messages = tmp_path / "intake.db", aftermath.town.town.powerserver.messages
    service = IntakeService(IntakeSettings(store=store, port=0), now=lambda: datetime.now(UTC))
    before = os.umask(0)
    try:
        await service.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(b"\x0b" + messages[0].strip(b"\x0b\x1c\r") + b"\r\x1c\r")
        assert b"MSA|AA|" in await reader.readuntil(b"\x1c\r")
        modes = _modes(tmp_path)
        writer.close()
        await writer.wait_closed()
    finally:
        os.umask(before)
        await service.stop()
    assert {"intake.db", "intake.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert leaks([("store", store.read_bytes())], PATIENTS.texts)


# -- a guard less, and the canary sings


@pytest.fixture(scope="module")
def leaky(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnrolledTown]:
    """A town of its own, with patients whose marks nobody looks for elsewhere."""
    with enrolled_town(tmp_path_factory.mktemp("leaky"), "leaky") as enrolled:
        yield enrolled


def _raises(desk: Desk, order: DocumentOrder) -> None:
    raise Rejected(f"no such patient: {order.patient.family}", Phase.PROCESS)


def _fails_unguarded(desk: Desk, order: DocumentOrder) -> None:
    raise UnicodeEncodeError("ascii", order.patient.family, 0, 1, "not ours, and not guarded")


def _logs(desk: Desk, order: DocumentOrder) -> None:
    get_run_logger().info("looking for %s", order.patient.family)


def _shows(desk: Desk, order: DocumentOrder) -> None:
    create_markdown_artifact(markdown=f"| {order.patient.id.number} |", key="leaky")


def _signs(desk: Desk, order: DocumentOrder) -> None:
    desk.ledger.set_mode(desk.slug, "other", Mode.WATCH, who=order.patient.family, why="test")


@pytest.mark.parametrize(
    ("careless", "marks", "where"),
    [
        pytest.param(
            _raises,
            Marks("Leckstein", "LQ4419", "944190377", date(1932, 8, 21)),
            "prefect.db:flow_run_state",
            id="an exception of ours that quotes the patient",
        ),
        pytest.param(
            _fails_unguarded,
            Marks("Brunnen", "BQ3328", "933280911", date(1938, 2, 27)),
            "storage",
            id="another's exception that carries the patient",
            marks=pytest.mark.long,
        ),
        pytest.param(
            _logs,
            Marks("Pegelhorn", "PQ5528", "955280466", date(1933, 9, 22)),
            "prefect.db:log.message",
            id="a log line with a name",
        ),
        pytest.param(
            _shows,
            Marks("Rinnsal", "RQ6637", "966370555", date(1934, 10, 23)),
            "prefect.db:artifact",
            id="an artifact with a number",
            marks=pytest.mark.long,
        ),
        pytest.param(
            _signs,
            Marks("Tropfen", "TQ7746", "977460644", date(1935, 11, 24)),
            "ledger.db:audit_entry",
            id="a name in the ledger",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_step_without_its_guard_is_noticed(
    leaky: EnrolledTown,
    prefect_server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    careless: Callable[[Desk, DocumentOrder], None],
    marks: Marks,
    where: str,
) -> None:
    """The same run with one careless line in one step: the marks are found, and it says where."""
    looked = _step("look_before_sending")

    async def careless_look(desk: Desk, readers: Any, items: Sequence[Prepared]) -> Any:
        (_, order), *_ = desk.outbox.orders([item.key for item in items]).values()
        careless(desk, order)
        return await looked(desk, readers, items)

    monkeypatch.setattr(steps, "look_before_sending", careless_look)
    if careless is _fails_unguarded:
        monkeypatch.setattr(guarded, "MADE_TO_BE_KEPT", {"builtins", *guarded.MADE_TO_BE_KEPT})
    Patients(leaky, marks).submit("normal")
    leaky.relay()
    APILogHandler().flush()

    def noticed() -> bool | None:
        found = leaks(sinks(prefect_server.home, leaky.private / "ledger.db"), _few(marks))
        return any(where in place for place in found) or None

    assert soon(noticed, timeout_s=30)


def test_a_result_that_is_kept_is_noticed(
    leaky: EnrolledTown, prefect_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a task's result kept, and a patient in it, its file would be unpacked and found."""
    marks = Marks("Sickerbach", "SQ8855", "988550733", date(1936, 12, 25))

    async def look(desk: Desk, readers: Any, items: Sequence[Prepared]) -> Any:
        found = desk.outbox.orders([item.key for item in items])
        return {key: order.patient.model_dump_json() for key, (_, order) in found.items()}

    monkeypatch.setattr(steps, "look_before_sending", look)
    monkeypatch.setattr(_step("observe_documents"), "persist_result", True)
    monkeypatch.setattr(_step("observe_documents"), "cache_policy", DEFAULT)
    Patients(leaky, marks).submit("normal")
    leaky.relay()

    found = leaks(sinks(prefect_server.home, leaky.private / "ledger.db"), _few(marks))

    assert any("storage" in place for place in found)


def _step(name: str) -> Any:
    return getattr(steps, name)


def _few(marks: Marks) -> list[str]:
    return [marks.word, marks.code]


# -- the whole way


@pytest.mark.long
def test_nor_is_any_mark_left_by_runs_of_a_real_worker(
    prefect_server: LocalServer, tmp_path: Path
) -> None:
    """
    The same through deployments and a worker that was told to log everything: its log, its runs'
    processes and what they left on the disk hold nothing of the patients.
    """
    marks = Marks("Quellwasser", "WQ9964", "999640822", date(1937, 1, 26))
    slug = "canary-worked"
    everything = {**prefect_server.environment, "PREFECT_LOGGING_LEVEL": "DEBUG"}
    with enrolled_town(tmp_path, slug) as enrolled, get_client(sync_client=True) as client:
        bootstrap(active=False)
        sim = enrolled.town
        worker = start_worker(everything, log=prefect_server.home / "canary.log")
        try:

            def run() -> str:
                Patients(enrolled, marks).submit("normal", "pdf", "no-issuer")
                started = start_run(client, "relay-forms/on-call", organization=slug)
                state = soon(ended(client, started), timeout_s=300).state
                return f"{state.name}: {state.message}" if state else ""

            ends = [run()]
            with quoting_hl7_listener() as port:
                enrolled.change_file(f"port: {sim.powerserver.hl7_port}", f"port: {port}")
                ends.append(run())
            enrolled.change_file("slug: ", "slug: ")
            with a_stranger(quoting_outcome(marks)) as port:
                base = f"fhir_base: {sim.omegaai.base_url}"
                enrolled.change_file(base, f"fhir_base: http://127.0.0.1:{port}/r4")
                ends.append(run())
        finally:
            worker.stop(grace_s=10)

    verified, rejected, unread = ends
    assert verified == "CompletedWithHolds: observed 3: verified 2, held 1"
    assert "rejected 2" in rejected
    assert "Rejected: process: GET metadata" in unread
    found = leaks(sinks(prefect_server.home, enrolled.private / "ledger.db"), marks.texts)
    assert found == []
