"""The intake as it runs at a site: listener, store, index and retention in one process."""

import asyncio
import logging
import sqlite3
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from accord.adapters.mllp_listener import MllpListener
from accord.intake import index, retention
from accord.intake.receiver import Receiver
from accord.intake.writer import CannotStore, Writer

_LOG = logging.getLogger(__name__)

LIMIT_BYTES = 32 << 20
_CHORES_EVERY_S = 5.0
_BETWEEN_STEPS_S = 0.05  # arrivals go first


@dataclass(frozen=True)
class IntakeSettings:
    """How one intake runs."""

    store: Path
    host: str = "127.0.0.1"
    port: int = 2575
    limit_bytes: int = LIMIT_BYTES
    keep: timedelta | None = None
    """How long messages are kept; None for ever."""
    consumers: tuple[str, ...] = ()
    """Who must have processed a message before it may go (`retention.mark_processed`)."""
    tls: ssl.SSLContext | None = None
    silence_s: float = 60


class IntakeService:
    """
    Listens, stores, answers; indexes and forgets in between.

    Args:
        settings: where and how.
        now: the clock, aware.
    """

    def __init__(self, settings: IntakeSettings, *, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self.writer = Writer(settings.store)
        receiver = Receiver(self.writer, now=now)
        self._listener = MllpListener(
            settings.host,
            settings.port,
            receiver.receive,
            refuse=receiver.refuse,
            limit_bytes=settings.limit_bytes,
            tls=settings.tls,
            silence_s=settings.silence_s,
        )
        self._chores: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._listener.port

    async def start(self) -> None:
        """
        Open the store, then the port.

        Raises:
            StoreUnusable: the file cannot serve as message store.
            CannotStore: it cannot be opened just now.
            OSError: the address cannot be bound.
        """
        await self.writer.start()
        try:
            await self._listener.start()
        except BaseException:
            await self.writer.stop()
            raise
        self._chores = asyncio.create_task(self._do_chores())

    async def stop(self) -> None:
        """Take no more, answer what was taken, close the store."""
        await self._listener.stop()
        if self._chores is not None:
            self._chores.cancel()
            with suppress(asyncio.CancelledError):
                await self._chores
        await self.writer.stop()

    async def _do_chores(self) -> None:
        while True:
            await asyncio.sleep(_CHORES_EVERY_S)
            try:
                await self.tidy()
            except CannotStore as error:
                _LOG.warning("index and retention wait: %s", error)

    async def tidy(self) -> None:
        """
        Index what has come, then forget what is too old, in small steps.

        Raises:
            CannotStore: the store failed.
        """
        await self._step_by_step(index.bring_up_to_date)
        if self._settings.keep is None:
            return
        step = partial(
            retention.forget,
            before=self._now() - self._settings.keep,
            consumers=self._settings.consumers,
        )
        await self._step_by_step(step)

    async def _step_by_step(self, step: Callable[[sqlite3.Connection], int]) -> None:
        while True:
            if not await self.writer.run(step):
                return
            await asyncio.sleep(_BETWEEN_STEPS_S)
