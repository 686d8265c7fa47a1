"""How the door prints: plain text for a terminal, in columns, and nothing a terminal obeys."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo

Say = Callable[[str], None]
NONE = "-"


def printable(text: object) -> str:
    """
    Give a text with a dot for every sign that a terminal would obey instead of show.

    What patients typed is not ours; an escape sequence in a name must not move the cursor.
    """
    return "".join(sign if sign == " " or not _is_control(sign) else "·" for sign in str(text))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay out rows in columns as wide as their widest cell; an empty cell is a dash."""
    cells = [list(head), *([printable(cell) or NONE for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
    return [line.rstrip() for line in lines]


def facts(rows: Iterable[tuple[str, object]]) -> list[str]:
    """Lay out names and values, one to a line; an empty value is a dash."""
    told = [(name, printable(value) or NONE) for name, value in rows]
    width = max((len(name) for name, _ in told), default=0)
    return [f"  {name.ljust(width)}  {value}" for name, value in told]


def when(moment: datetime | None, zone: tzinfo) -> str:
    """Write a time in the facility's zone, with its offset; '' for none."""
    return moment.astimezone(zone).isoformat(" ", "seconds") if moment else ""


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
