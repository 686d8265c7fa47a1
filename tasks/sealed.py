from typing import Generic, TypeVar

T = TypeVar("T")


class Sealed(Generic[T]):
    """
    What passes from task to task in one piece.

    Prefect walks through collections and records that are passed between tasks, item by item,
    looking for futures; through a sealed one it does not.
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Sealed(…)"
