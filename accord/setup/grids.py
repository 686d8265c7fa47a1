"""Where people put PowerServer's grids of resources: one CSV file for each PowerServer."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from accord.setup.grid import WrongGrid, read_grid, template

DIRECTORY = "grids"
"""In the private directory of the site's worker."""


class NoGrid(Exception):
    """A PowerServer's grid of resources was not filled in; a template lies where it belongs."""

    def __init__(self, powerserver: str) -> None:
        super().__init__(powerserver)
        self.powerserver = powerserver

    def __str__(self) -> str:
        return (
            f"PowerServer {self.powerserver}: nobody has filled in its resources: write one line "
            f"for each into {DIRECTORY}/{self.powerserver}.csv in the site's private directory, "
            "where a template lies (Settings > Users & Facilities > Imaging Facilities > Resource "
            "shows the values)"
        )


def read_grids(private: Path, powerservers: Iterable[str]) -> tuple[pd.DataFrame, datetime]:
    """
    Read all grids of a site into one side's frame; give also the oldest file's time.

    Where a file is missing, the template is put in its place.

    Raises:
        NoGrid: one is missing, or has no line yet: its resources would all count as missing.
        WrongGrid: with every cell that cannot be read, and which PowerServer's they are.
    """
    sides, written = [], []
    for name in powerservers:
        path = private / DIRECTORY / f"{name}.csv"
        side = _side(path, name)
        source = f"{name}, " + side["source"]
        sides.append(side.assign(source=source).set_index(pd.Index(source, dtype="object")))
        written.append(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    return pd.concat(sides), min(written)


def _side(path: Path, name: str) -> pd.DataFrame:
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(template(), encoding="utf-8-sig", newline="")
        raise NoGrid(name)
    try:
        side = read_grid(path.read_bytes())
    except WrongGrid as wrong:
        raise WrongGrid(wrong.problems, of=name) from None
    if side.empty:
        raise NoGrid(name)
    return side
