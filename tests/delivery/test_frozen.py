"""Our own process frozen between `sent` and the first byte: what it may still do on waking."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from accord.domain.effects import EffectState
from tests.delivery import frozen_run
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.killed_run import PRELOADED, tell
from tests.delivery.test_faults import until

S = EffectState
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(PRELOADED)
SOON = {"send_within": timedelta(seconds=1), "settle_after": timedelta(seconds=1.5)}
LATE = {"send_within": timedelta(hours=1), "settle_after": timedelta(hours=2)}


@contextmanager
def a_frozen_run(clinic: Clinic) -> Iterator[BaseProcess]:
    """Lend a run that stands still between `sent` and its first byte; it is ended in any case."""
    tell(clinic)
    run = PROCESSES.Process(target=frozen_run.main, args=(clinic.directory,))
    run.start()
    try:
        yield run
    finally:
        run.kill()
        run.join()
        run.close()


def is_stopped(run: BaseProcess) -> Callable[[], bool]:
    def stands() -> bool:
        stat = Path(f"/proc/{run.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    return stands


def wake(run: BaseProcess) -> None:
    assert run.pid is not None
    os.kill(run.pid, signal.SIGCONT)
    run.join(timeout=60)


async def pass_seconds(seconds: float) -> None:
    """Let real time pass: the boot clock of a frozen process cannot be moved."""
    begun = time.monotonic()
    await until(lambda: time.monotonic() - begun > seconds, seconds + 10)


async def test_after_the_deadline_it_does_not_send(tmp_path: Path) -> None:
    """It wakes too late, sees so on the boot clock, and leaves the form to be looked for."""
    with a_clinic(tmp_path, relay=SOON) as clinic:
        clinic.blume.submit_day(1, 0)
        with a_frozen_run(clinic) as run:
            await until(is_stopped(run), 60)
            await pass_seconds(1.2)
            wake(run)
            assert run.exitcode == 0

        (row,) = clinic.rows()
        assert (row.state, row.reason) == (S.IN_DOUBT, "too-late")
        assert clinic.powerserver.messages_received == 0


async def test_without_a_deadline_it_would(tmp_path: Path) -> None:
    """The guard's guard: with an hour to send in, the same frozen run does send on waking."""
    with a_clinic(tmp_path, relay=LATE) as clinic:
        clinic.blume.submit_day(1, 0)
        with a_frozen_run(clinic) as run:
            await until(is_stopped(run), 60)
            await pass_seconds(1.2)
            wake(run)
            assert run.exitcode == 0

        assert [row.state for row in clinic.rows()] == [S.LANDED]
        assert clinic.powerserver.messages_received == 1


async def test_what_another_run_has_settled_stays_settled(tmp_path: Path) -> None:
    """
    While it stands still, its lease ends and the next runs look: absent twice, a person decides,
    it is sent again. On waking the first run sends nothing and its word counts no more.
    """
    with a_clinic(tmp_path, relay=SOON) as clinic:
        clinic.blume.submit_day(1, 0)
        await clinic.relay()  # something is known to be there
        clinic.blume.submit_day(1, 0)
        with a_frozen_run(clinic) as run:
            await until(is_stopped(run), 60)
            for _ in range(3):
                clinic.forward(minutes=5)
                await clinic.relay(patience_s=0)
            (stopped,) = [row for row in clinic.rows() if row.state is S.PARKED]
            clinic.ledger.move(stopped.key, S.PLANNED, who="on-call", why="not there")
            clinic.forward(minutes=5)
            await clinic.relay()
            await pass_seconds(1.2)
            wake(run)
            assert run.exitcode == 0

        assert clinic.states() == {S.VERIFIED: 2}
        assert clinic.powerserver.messages_received == 2


@pytest.mark.long
async def test_frozen_for_a_whole_minute(tmp_path: Path) -> None:
    """The same with the shipped deadline of thirty seconds and a minute of standing still."""
    shipped = {"send_within": timedelta(seconds=30), "settle_after": timedelta(minutes=2)}
    with a_clinic(tmp_path, relay=shipped) as clinic:
        clinic.blume.submit_day(1, 0)
        with a_frozen_run(clinic) as run:
            await until(is_stopped(run), 60)
            await pass_seconds(60)
            wake(run)
            assert run.exitcode == 0

        assert [row.reason for row in clinic.rows()] == ["too-late"]
        assert clinic.powerserver.messages_received == 0
