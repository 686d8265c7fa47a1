"""Kill -9 at every point of a run: nothing is lost, nothing arrives twice."""

import multiprocessing
import signal
from collections import Counter
from pathlib import Path

import pytest

from accord.domain.effects import EffectState
from accord.domain.totals import Bucket
from tests.delivery import killed_run
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.killed_run import POINTS, PRELOADED, tell

FORMS = 5
SETTLED = {EffectState.VERIFIED, EffectState.PARKED}


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(PRELOADED)


def kill_a_run(clinic: Clinic, point: str) -> None:
    tell(clinic)
    run = PROCESSES.Process(target=killed_run.main, args=(clinic.directory, point))
    run.start()
    run.join(timeout=120)
    assert run.exitcode == -signal.SIGKILL
    run.close()


async def rerun_until_settled(clinic: Clinic, most: int = 4) -> Counter[EffectState]:
    for _ in range(most):
        clinic.forward(minutes=1)  # leases are over
        await clinic.relay(patience_s=1)
        if not states(clinic).keys() - SETTLED:
            break
    return states(clinic)


def states(clinic: Clinic) -> Counter[EffectState]:
    return Counter(clinic.states())


def copies_at_powerserver(clinic: Clinic) -> Counter[str]:
    return Counter(document.sha256 for document in clinic.powerserver.documents)


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_run_is_finished_by_the_next(tmp_path: Path, point: str) -> None:
    """
    Whatever had left is found at PowerServer; whatever had not is sent; no form goes twice.

    One case cannot be told from the outside: `sent` is committed and no byte has left. It is
    absent twice and, since MDM is not safe to repeat, a person decides: parked, not lost.
    """
    with a_clinic(tmp_path) as clinic:
        clinic.blume.submit_day(FORMS - 2, 2)
        kill_a_run(clinic, point)

        settled = await rerun_until_settled(clinic)

        arrived = copies_at_powerserver(clinic)
        parked = 1 if point == "after-sent" else 0
        assert settled == {
            EffectState.VERIFIED: FORMS - parked,
            **({EffectState.PARKED: parked} if parked else {}),
        }
        assert len(arrived) == FORMS - parked
        assert set(arrived.values()) == {1}


async def test_a_person_sends_again_what_is_absent(tmp_path: Path) -> None:
    """What was parked after a kill goes out once a person has looked and planned it again."""
    with a_clinic(tmp_path) as clinic:
        clinic.blume.submit_day(FORMS - 2, 2)
        kill_a_run(clinic, "after-sent")
        await rerun_until_settled(clinic)
        (parked,) = clinic.ledger.open_effects("lakeside", "relay-forms", [EffectState.PARKED])
        assert parked.reason == "absent-twice"

        clinic.ledger.move(parked.key, EffectState.PLANNED, who="Ana", why="not in the viewer")
        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.VERIFIED: 1}
        assert set(copies_at_powerserver(clinic).values()) == {1}
        assert len(clinic.powerserver.documents) == FORMS


@pytest.mark.parametrize("point", ["after-sent", "after-bytes"])
async def test_where_repeats_are_harmless_nobody_is_asked(tmp_path: Path, point: str) -> None:
    """A PowerServer known to file a repeated MSH-10 once is sent it again by itself."""
    with a_clinic(tmp_path, hl7={"takes_repeats": True}, recognises_repeats=True) as clinic:
        clinic.blume.submit_day(FORMS - 2, 2)
        kill_a_run(clinic, point)

        assert await rerun_until_settled(clinic) == {EffectState.VERIFIED: FORMS}
        assert set(copies_at_powerserver(clinic).values()) == {1}
