"""Working on one page while the next is on its way: peer and we are busy at the same time."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")


async def ahead(pages: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """
    Give each page in its order; the next is made while its reader works on the one before.

    Close it (`contextlib.aclosing`), so that nothing is left asking where the reader stops
    early; it closes `pages`.
    """
    coming = asyncio.ensure_future(_next(pages))
    try:
        while page := await coming:
            coming = asyncio.ensure_future(_next(pages))
            yield page[0]
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await pages.aclose()


async def _next(pages: AsyncGenerator[T, None]) -> tuple[T] | None:
    try:
        return (await anext(pages),)
    except StopAsyncIteration:
        return None
