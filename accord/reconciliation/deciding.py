"""One rung of the ladder: rows that share a key, told apart into pairs and what is ambiguous."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

Positions = np.ndarray
"""Row numbers of a side's frame."""
LEFT, RIGHT = "left", "right"


class Several(StrEnum):
    """Which side has more than one visit for what may be one."""

    LEFT = "several left"
    RIGHT = "several right"
    BOTH = "several on both"


class Decided(NamedTuple):
    """
    What one rung says.

    `pairs` has the columns `left` and `right` (row numbers); `ambiguous` has `row`, `side` and
    `several`.
    """

    pairs: pd.DataFrame
    ambiguous: pd.DataFrame


class Coded(NamedTuple):
    """Rows of one side, and the number of the key that each has."""

    rows: Positions
    codes: np.ndarray


def by_key(left: Coded, right: Coded) -> Decided:
    """Decide by one key for each row: one row on either side is a pair, more are ambiguous."""
    size = int(max(left.codes.max(), right.codes.max())) + 1
    on_left, on_right = (np.bincount(side.codes, minlength=size) for side in (left, right))
    meets = (on_left > 0) & (on_right > 0)
    one = meets & (on_left == 1) & (on_right == 1)
    partner = np.zeros(size, dtype=np.int64)
    partner[right.codes] = right.rows
    is_pair = one[left.codes]
    pairs = pd.DataFrame(
        {"left": left.rows[is_pair], "right": partner[left.codes[is_pair]]}, dtype="int64"
    )
    several = np.select(
        [on_right == 1, on_left == 1], [Several.LEFT.value, Several.RIGHT.value], Several.BOTH.value
    )
    unclear = meets & ~one
    return Decided(
        pairs,
        together(
            _ambiguous(
                side.rows[unclear[side.codes]], name, several[side.codes[unclear[side.codes]]]
            )
            for name, side in ((LEFT, left), (RIGHT, right))
        ),
    )


def by_links(links: pd.DataFrame) -> Decided:
    """Decide by pairs of rows that share any key of several: `left` and `right`."""
    links = links[["left", "right"]].drop_duplicates(ignore_index=True)
    rights = links.groupby("left")["right"].transform("size").to_numpy()
    lefts = links.groupby("right")["left"].transform("size").to_numpy()
    one = (rights == 1) & (lefts == 1)
    several = np.select(
        [rights == 1, lefts == 1], [Several.LEFT.value, Several.RIGHT.value], Several.BOTH.value
    )
    unclear = links.assign(several=several)[~one]
    return Decided(
        links[one].reset_index(drop=True),
        together(_worst(unclear, side) for side in (LEFT, RIGHT)),
    )


def _worst(unclear: pd.DataFrame, side: str) -> pd.DataFrame:
    """Give each row once; where its links say different things, several are on both sides."""
    by_row = unclear.groupby(side)["several"]
    said = by_row.first().where(by_row.nunique() == 1, Several.BOTH.value)
    return _ambiguous(said.index.to_numpy(), side, said.to_numpy())


def _ambiguous(rows: Positions, side: str, several: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"row": rows.astype("int64"), "side": side, "several": several})


def together(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of the same columns under one another."""
    return pd.concat(list(frames), ignore_index=True)
