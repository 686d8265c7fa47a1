"""
PowerServer's grid of resources as a person filled it in, or as Excel in Portuguese saved it.

There is no export that is documented: the template is ours, with the columns of the screen
(docs/sources.md#ps-resources). What cannot be read is told by line and column; nothing is guessed.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pandas as pd

from accord.domain.base import Record
from accord.domain.hours import Span
from accord.setup import grid_cells as cells
from accord.setup.excel_text import decoded, table_of
from accord.setup.sides import every_day, frame_of, hours_text, modalities_text

T = TypeVar("T")

TEMPLATE = (
    *("Facility", "Department", "Room", "Type", "Class", "Resource", "Start Time", "End Time"),
    *("Default Duration", "Overbooking", "Modalities"),
)
"""The columns of the template, as the screen names them; the last is ours: PowerServer shows the
list of modalities only in the title of a new order."""

_ALSO = {
    "unidade": "facility",
    "imaging facility": "facility",
    "departamento": "department",
    "sala": "room",
    "tipo": "type",
    "classe": "class",
    "recurso": "resource",
    "inicio": "start time",
    "hora inicio": "start time",
    "hora de inicio": "start time",
    "fim": "end time",
    "hora fim": "end time",
    "hora de fim": "end time",
    "duracao": "default duration",
    "duracao padrao": "default duration",
    "encaixe": "overbooking",
    "modalidades": "modalities",
}
_NEEDED = ("facility", "resource", "class", "start time", "end time", "default duration")


class GridProblem(Record):
    """One cell, or one line, that cannot be read; its value is not repeated."""

    line: int
    """Counting from 1, the heading's line among them."""
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.reason}"


class WrongGrid(Exception):
    """The file is no grid of resources: nothing of it is used."""

    def __init__(self, problems: tuple[GridProblem, ...], of: str = "") -> None:
        super().__init__(problems, of)
        self.problems, self.of = problems, of

    def __str__(self) -> str:
        whose = f"PowerServer {self.of}, its grid of resources: " if self.of else ""
        return "\n".join(f"{whose}{problem}" for problem in self.problems)


def template() -> str:
    """Give an empty grid to fill in: `;` between columns, as Excel in Portuguese reads it."""
    return ";".join(TEMPLATE) + "\r\n"


def read_grid(content: bytes) -> pd.DataFrame:
    """
    Read a grid into a side's frame (`accord.setup.sides`); sources are `line N`.

    Takes UTF-8 with or without a mark, or Windows-1252; `;`, `,` or a tab; headings in English or
    Portuguese, in any order; 24-hour clocks or AM and PM; durations in minutes or HH:MM.

    Raises:
        WrongGrid: with every cell that cannot be read. Half a grid is no grid: what is missing
            from it would count as missing from PowerServer.
    """
    rows: list[dict[str, Any]] = []
    problems: list[GridProblem] = []
    for position, texts in enumerate(_table(content).to_dict("records")):
        if any(text.strip() for text in texts.values()):
            line = _Line({str(name): text for name, text in texts.items()}, position + 2)
            rows.append(line.row())
            problems += line.problems
    if problems:
        raise WrongGrid(tuple(problems))
    return frame_of(rows)


def _table(content: bytes) -> pd.DataFrame:
    try:
        table = table_of(decoded(content))
    except ValueError as error:
        raise WrongGrid((_problem(1, "", str(error)),)) from None
    table = table.rename(columns={name: _heading(str(name)) for name in table.columns})
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing or not table.columns.is_unique:
        reason = f"needs these columns, each once: {', '.join(_NEEDED)}; the template has them"
        raise WrongGrid(tuple(_problem(1, name, reason) for name in missing or ["(twice)"]))
    return table


def _heading(name: str) -> str:
    words = " ".join(cells.plain(name).replace("_", " ").split())
    return _ALSO.get(words, words)


class _Line:
    """One line of the grid, being read; what cannot be read is kept as a problem."""

    def __init__(self, texts: Mapping[str, str], number: int) -> None:
        self._texts, self._number = texts, number
        self.problems: list[GridProblem] = []

    def read(self, column: str, how: Callable[[str], T], otherwise: T) -> T:
        """Read one cell; `otherwise` where it cannot be read."""
        try:
            return how(str(self._texts.get(column, "")).strip())
        except ValueError as error:
            self.complain(column, str(error))
            return otherwise

    def complain(self, column: str, reason: str) -> None:
        """Note what is wrong with one cell."""
        self.problems.append(_problem(self._number, column, reason))

    def hours(self) -> str:
        """Read the one pair of hours that PowerServer has for every day."""
        start = self.read("start time", cells.clock, -1)
        end = self.read("end time", cells.clock, -1)
        if start < 0 or end < 0:
            return ""
        if end <= start:
            self.complain("end time", "must lie after the start, on the same day")
        return hours_text(every_day(Span(start, end)))

    def modalities(self) -> str:
        """Read the Class, and what else the resource serves where somebody filled it in."""
        nothing: frozenset[str] = frozenset()
        known = len(self.problems)
        found = self.read("class", cells.modalities, nothing)
        found |= self.read("modalities", cells.modalities, nothing)
        if not found and len(self.problems) == known:
            self.complain("class", "is empty: a modality code such as CT")
        return modalities_text(found)

    def row(self) -> dict[str, Any]:
        """Read the whole line into a row of a side's frame."""
        return {
            "facility": self.read("facility", cells.given, ""),
            "name": self.read("resource", cells.given, ""),
            "department": self.read("department", str, ""),
            "room": self.read("room", str, ""),
            "modalities": self.modalities(),
            "hours": self.hours(),
            "minutes": self.read("default duration", cells.minutes, 0),
            "overbooking": self.read("overbooking", cells.yes_or_no, False),
            "active": True,  # the grid shows no inactive ones
            "source": f"line {self._number}",
        }


def _problem(line: int, column: str, reason: str) -> GridProblem:
    return GridProblem(line=line, column=column or "-", reason=reason)
