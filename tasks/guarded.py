"""
What nobody foresaw goes no further than its kind and its place.

Prefect writes the text of a failed run's exception into its database and, whatever the settings,
the pickled exception into its result storage. Our own exceptions are made for that. Others carry
what they were raised about: pydantic's pickle the very input that they hide in their text,
`JSONDecodeError` the whole document, `UnicodeEncodeError` the whole name.
"""

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

ROOT = Path(__file__).resolve().parent.parent
MADE_TO_BE_KEPT = frozenset({"accord", "blocks", "deployments", "prefect", "tasks"})
"""Packages whose exceptions hold no patient data; a spec test holds us to it."""
FRAMES_TOLD = 4

P = ParamSpec("P")
R = TypeVar("R")


class Unforeseen(Exception):
    """Something failed that nothing is prepared for: report it, with this very line."""

    def __init__(self, kind: str, where: str) -> None:
        super().__init__(kind, where)
        self.kind, self.where = kind, where

    def __str__(self) -> str:
        return (
            f"an unforeseen {self.kind} at {self.where}; what it says is left out, since it may "
            f"quote a patient: report this line"
        )


def guarded(step: Callable[P, R]) -> Callable[P, R]:
    """
    Let out of a step only exceptions that are made to be kept.

    Raises:
        Unforeseen: in the place of any other.
    """

    @wraps(step)
    def quietly(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return step(*args, **kwargs)
        except Exception as error:
            if type(error).__module__.partition(".")[0] in MADE_TO_BE_KEPT:
                raise
            raise Unforeseen(type(error).__name__, _whereabouts(error)) from None

    return quietly


def _whereabouts(error: Exception) -> str:
    """Name the innermost places in our own code, innermost first."""
    frames = [
        f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT) and "site-packages" not in frame.filename
    ]
    return " < ".join(reversed(frames[-FRAMES_TOLD:])) or "an unknown place"
