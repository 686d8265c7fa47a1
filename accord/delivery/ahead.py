"""Working on one page while the next is on its way: peer and we are busy at the same time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
Asking = Callable[[], Coroutine[Any, Any, T]]
"""Asks a peer for one page."""


async def ahead(askings: Iterable[Asking[T]]) -> AsyncGenerator[T, None]:
    """
    Give each answer in its order; the next is asked for while its reader works on the one before.

    Close it (`contextlib.aclosing`), so that nothing is left asking where the reader stops early.
    """
    todo = iter(askings)
    coming = _begun(todo)
    try:
        while coming is not None:
            answer = await coming
            coming = _begun(todo)
            yield answer
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _begun(todo: Iterator[Asking[T]]) -> asyncio.Task[T] | None:
    asking = next(todo, None)
    return None if asking is None else asyncio.ensure_future(asking())
