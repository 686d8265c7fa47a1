import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Given = TypeVar("Given")


async def together(asked: Iterable[Coroutine[Any, Any, Given]]) -> list[Given]:
    """
    Run coroutines at once and give their results in order.

    The first failure stops the others, is waited out, and is raised as itself: callers tell
    four errors apart, not groups of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
        raise first from first.__cause__
    return [task.result() for task in tasks]
