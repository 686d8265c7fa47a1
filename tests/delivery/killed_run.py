"""One run of the relay that kills itself, with signal 9, at a named point; a process of its own."""

import asyncio
import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from accord.adapters import mllp_connection
from accord.delivery import verifying
from accord.domain.organizations import OrganizationFile
from accord.ledger.grouped import GroupedLedger
from accord.ledger.ledger import Ledger
from tests.delivery.clinic import SITE_KEY, Clinic

POINTS = (
    "before-claim",
    "after-claim",
    "after-sent",
    "after-bytes",
    "after-answer",
    "before-verified",
)
PRELOADED = ["tests.delivery.killed_run", "great_expectations"]
"""What a fork server imports once, instead of each run: seconds of processor time."""
SURVIVE = 1  # how many times the point is passed before the run dies there


def die(*_: Any, **__: Any) -> NoReturn:
    """End this process as a power cut would; nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def arm(point: str) -> None:
    """Put the end of this process at `point`."""
    {
        "before-claim": arm_before_claim,
        "after-claim": arm_after_claim,
        "after-sent": arm_after_sent,
        "after-bytes": arm_after_bytes,
        "after-answer": arm_after_answer,
        "before-verified": arm_before_verified,
    }[point]()


class Passes:
    """Lets a point be passed a few times before the run dies there."""

    def __init__(self) -> None:
        self._left = SURVIVE

    def count(self) -> None:
        if self._left == 0:
            die()
        self._left -= 1


def arm_before_claim() -> None:
    Ledger.claim = die  # type: ignore[method-assign]


def arm_after_claim() -> None:
    claim = Ledger.claim

    def claim_and_die(*args: Any, **kwargs: Any) -> Any:
        claims = claim(*args, **kwargs)
        if claims:
            die()
        return claims

    Ledger.claim = claim_and_die  # type: ignore[method-assign]


def arm_after_sent() -> None:
    sent, passes = GroupedLedger.sent, Passes()

    async def sent_and_die(self: GroupedLedger, claim: Any) -> Any:
        ready = await sent(self, claim)
        passes.count()
        return ready

    GroupedLedger.sent = sent_and_die  # type: ignore[method-assign]


def arm_after_bytes() -> None:
    write, passes = mllp_connection.Connection.write, Passes()

    def write_and_die(self: mllp_connection.Connection, block: bytes) -> None:
        write(self, block)
        passes.count()

    mllp_connection.Connection.write = write_and_die  # type: ignore[method-assign]


def arm_after_answer() -> None:
    answered, passes = GroupedLedger.answered, Passes()

    async def die_before_writing_down(self: GroupedLedger, *args: Any, **kwargs: Any) -> Any:
        passes.count()
        return await answered(self, *args, **kwargs)

    GroupedLedger.answered = die_before_writing_down  # type: ignore[method-assign]


def arm_before_verified() -> None:
    vars(verifying)["write_down"] = die


def tell(clinic: Clinic) -> None:
    """Write down where the open clinic's peers are, for a run in another process."""
    told = {"file": clinic.file.model_dump(mode="json"), "secret": clinic.omegaai.client_secret}
    (clinic.directory / "clinic.json").write_text(json.dumps(told))


def clinic_of(directory: Path) -> Clinic:
    """Open, for one run, the clinic that another process keeps open."""
    told = json.loads((directory / "clinic.json").read_text())
    clinic: Any = Clinic(
        omegaai=SimpleNamespace(client_secret=told["secret"]),  # type: ignore[arg-type]
        powerserver=None,  # type: ignore[arg-type]
        world=None,  # type: ignore[arg-type]
        blume=None,  # type: ignore[arg-type]
        directory=directory,
        file=OrganizationFile.model_validate(told["file"]),
        ledger=None,  # type: ignore[arg-type]
    )
    clinic.ledger = Ledger(
        f"sqlite:///{directory / 'ledger.db'}", site_key=SITE_KEY, now=clinic.now
    )
    return clinic  # type: ignore[no-any-return]


def main(directory: Path, point: str) -> None:
    """Relay once, in the clinic that another process keeps open, up to `point`."""
    clinic = clinic_of(directory)
    arm(point)
    asyncio.run(clinic.relay())
    raise AssertionError(f"the run passed {point} alive")
