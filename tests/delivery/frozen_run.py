"""One run of the relay that stops itself, as by SIGSTOP, between `sent` and the first byte."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from accord.ledger.grouped import GroupedLedger
from tests.delivery.killed_run import clinic_of


def main(directory: Path) -> None:
    """Relay once, in the clinic that another process keeps open; stand still at the first send."""
    sent = GroupedLedger.sent
    frozen: list[Any] = []

    async def sent_and_freeze(self: GroupedLedger, claim: Any) -> Any:
        ready = await sent(self, claim)
        if not frozen:
            frozen.append(claim)
            os.kill(os.getpid(), signal.SIGSTOP)
        return ready

    GroupedLedger.sent = sent_and_freeze  # type: ignore[method-assign]
    asyncio.run(clinic_of(directory).relay(steps=["deliver"]))
