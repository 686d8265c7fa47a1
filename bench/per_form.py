"""One Prefect task for each form, around the floor's bare work: in a loop, gathered, in threads."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from accord.domain.documents import DocumentOrder
from bench.floor import Wires, look_before, read_and_render, read_back, send, wires
from tasks.policies import PATIENT

T = TypeVar("T")
IN_FLIGHT = 8


async def relay_one(town: Wires, order: DocumentOrder) -> None:
    """Look, send and read back: what each of the tasks does."""
    await look_before(town, [order])
    await send(town, order)
    await read_back(town, [order])


def in_a_loop(directory: Path) -> tuple[float, int]:
    """Await one task after the other."""
    return asyncio.run(_awaited(directory, in_flight=1))


def gathered(directory: Path) -> tuple[float, int]:
    """Await a few tasks at a time, in one event loop."""
    return asyncio.run(_awaited(directory, in_flight=IN_FLIGHT))


def gathered_bare(directory: Path) -> tuple[float, int]:
    """The same without Prefect: what is saved by having a few forms in flight."""
    return asyncio.run(_awaited(directory, in_flight=IN_FLIGHT, bare=True))


async def _awaited(directory: Path, *, in_flight: int, bare: bool = False) -> tuple[float, int]:
    async with wires(directory) as town:
        gate = asyncio.Semaphore(in_flight)

        @task(**PATIENT)
        async def relay(order: Any) -> None:
            await relay_one(town, order)

        async def one(order: DocumentOrder) -> None:
            async with gate:
                await (relay_one(town, order) if bare else relay(quote(order)))

        async def per_form() -> tuple[float, int]:
            started, forms = time.perf_counter(), 0
            async for page in read_and_render(town):
                await asyncio.gather(*map(one, page))
                forms += len(page)
            return time.perf_counter() - started, forms

        return await (per_form() if bare else flow(persist_result=False)(per_form)())


def in_threads(directory: Path) -> tuple[float, int]:
    """Submit every task to Prefect's thread pool; the wires stay in one event loop aside."""
    with _Aside() as aside:
        stack = AsyncExitStack()
        town = aside.run(stack.enter_async_context(wires(directory)))
        pages = read_and_render(town)
        pool: Any = ThreadPoolTaskRunner(max_workers=IN_FLIGHT)

        async def next_page() -> list[DocumentOrder]:
            return await anext(pages, [])

        @task(**PATIENT)
        def relay(order: Any) -> None:
            aside.run(relay_one(town, order))

        @flow(persist_result=False, task_runner=pool)
        def per_form() -> tuple[float, int]:
            started, futures = time.perf_counter(), []
            while page := aside.run(next_page()):
                futures += [relay.submit(quote(order)) for order in page]
            for future in futures:
                future.result()
            return time.perf_counter() - started, len(futures)

        try:
            return per_form()
        finally:
            aside.run(stack.aclose())


class _Aside:
    """An event loop in a thread of its own, which other threads wait for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
