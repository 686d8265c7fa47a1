"""Store messages for ever; print each control id once its sender would have its answer."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from accord.intake import database
from accord.intake.receiver import Receiver
from accord.intake.writer import Writer
from tests.intake.senders import a_message, code_of


async def main(store: Path, synchronous: str) -> None:
    database._SYNCHRONOUS = synchronous
    writer = Writer(store)
    await writer.start()
    receiver = Receiver(writer, now=lambda: datetime.now(UTC))

    async def send(name: int) -> None:
        for n in range(1_000_000):
            control_id = f"S{name}N{n}"
            answer = await receiver.receive(a_message(control_id), "127.0.0.1")
            if code_of(answer) == "AA":
                sys.stdout.write(control_id + "\n")
                sys.stdout.flush()

    await asyncio.gather(*(send(name) for name in range(4)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
