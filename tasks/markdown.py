"""Markdown as Prefect's artifacts show it."""

from collections.abc import Mapping, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Write a table as lines, with an empty one after it; a `|` in a cell would end the cell."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows),
        "",
    ]


def listed(rows: Sequence[Mapping[str, str]], title: str) -> list[str]:
    """
    Write the rows of a table one below the other, each headed by its `title`, with an empty line
    after them: the UI never wraps a cell of a table artifact, and hides what is right of the edge.
    """
    lines = []
    for row in rows:
        told = [f"  - {name}: {value}" for name, value in row.items() if value and name != title]
        lines += [f"- **{row[title]}**", *told]
    return [*lines, ""]
