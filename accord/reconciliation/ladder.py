"""
Matching two sides' visits by a ladder of keys: the surest first, each row at most once.

A key that several rows of a side share, and that the other side has as well, decides nothing: all
of them are ambiguous and leave the ladder, so that no weaker key can seem to tell them apart.
Source: shared anchors 3c and 6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np
import pandas as pd

from accord.reconciliation.deciding import (
    LEFT,
    RIGHT,
    Coded,
    Decided,
    Positions,
    by_key,
    by_links,
    together,
)
from accord.reconciliation.visits import is_said

TOLERANCE = timedelta(hours=36)
"""Two visits of one patient on one resource, this close, are proposed as one; never written."""


class Rung(StrEnum):
    """By which key two visits were found to be one, the surest first."""

    CROSS_REFERENCE = "cross-reference"
    PLACER = "placer"
    FILLER = "filler"
    ACCESSIONS = "accessions"
    SHARED_ACCESSION = "shared accession"
    SLOT = "patient, start and resource"
    PROPOSED = "proposed"  # tolerant: shown to people, and nothing is written on it


@dataclass(frozen=True)
class Matched:
    """
    Where every row of both sides has gone, by row numbers.

    `pairs` and `proposals` have the columns `left`, `right` and `rung`; the rows of a proposal
    count as alone until a person says otherwise. `ambiguous` has `row`, `side`, `several`, `rung`.
    """

    pairs: pd.DataFrame
    proposals: pd.DataFrame
    ambiguous: pd.DataFrame
    only_left: Positions
    only_right: Positions

    def ties_out(self, left: int, right: int) -> bool:
        """Say whether every row of both sides is matched, ambiguous or alone, exactly once."""
        told = {
            side: np.concatenate(
                [
                    self.pairs[side].to_numpy(),
                    self.ambiguous.loc[self.ambiguous["side"] == side, "row"].to_numpy(),
                    alone,
                ]
            )
            for side, alone in ((LEFT, self.only_left), (RIGHT, self.only_right))
        }
        return all(
            len(rows) == count and bool((np.bincount(rows, minlength=count) == 1).all())
            for rows, count in ((told[LEFT], left), (told[RIGHT], right))
        )


def match(left: pd.DataFrame, right: pd.DataFrame) -> Matched:
    """
    Match two frames of `accord.reconciliation.visits`; the order of their rows does not matter.

    No value of a row is in the answer: only row numbers and rungs.
    """
    climb = _Climb(left, right)
    climb.step(Rung.CROSS_REFERENCE, _column("cross_reference"), _column("source"))
    climb.step(Rung.CROSS_REFERENCE, _column("source"), _column("cross_reference"))
    for rung, name in (
        (Rung.PLACER, "placer"),
        (Rung.FILLER, "filler"),
        (Rung.ACCESSIONS, "accessions"),
    ):
        climb.step(rung, _column(name), _column(name))
    climb.step_by_shared_accession()
    climb.step(Rung.SLOT, _slot, _slot)
    return climb.matched()


Keys = Callable[[pd.DataFrame], pd.Series]
"""Gives each row's key, '' where it has none."""


def _column(name: str) -> Keys:
    return lambda frame: frame[name]


def _slot(frame: pd.DataFrame) -> pd.Series:
    """Patient under its issuer, start and resource; a row that lacks any of them has no slot."""
    whole = (frame["patient"] != "") & frame["start"].notna() & (frame["resource"] != "")
    start = frame["start"].astype("int64").astype("str")
    slot = frame["issuer"] + "\n" + frame["patient"] + "\n" + start + "\n" + frame["resource"]
    return slot.where(whole, "")


_NO_PAIRS = pd.DataFrame({"left": [], "right": [], "rung": []}).astype(
    {"left": "int64", "right": "int64", "rung": "str"}
)
_NOTHING_UNCLEAR = pd.DataFrame({"row": [], "side": [], "several": [], "rung": []}).astype(
    {"row": "int64", "side": "str", "several": "str", "rung": "str"}
)


class _Climb:
    """Goes down the ladder; what a rung has decided is not looked at again."""

    def __init__(self, left: pd.DataFrame, right: pd.DataFrame) -> None:
        self._frames = {LEFT: left, RIGHT: right}
        self._open = {side: np.arange(len(frame)) for side, frame in self._frames.items()}
        self._pairs = [_NO_PAIRS]
        self._ambiguous = [_NOTHING_UNCLEAR]

    def step(self, rung: Rung, left_key: Keys, right_key: Keys) -> None:
        """Match what is left by one key for each row."""
        left, left_keys = self._keyed(LEFT, left_key)
        right, right_keys = self._keyed(RIGHT, right_key)
        if len(left) and len(right):
            codes, _ = pd.factorize(pd.concat([left_keys, right_keys], ignore_index=True))
            self._take(
                rung, by_key(Coded(left, codes[: len(left)]), Coded(right, codes[len(left) :]))
            )

    def step_by_shared_accession(self) -> None:
        """Match by single accessions: a visit has several, and one side may lack some of them."""
        sets = {side: self._keyed(side, _column("accessions")) for side in (LEFT, RIGHT)}
        if all(len(rows) for rows, _ in sets.values()):
            left, right = (_exploded(side, *sets[side]) for side in (LEFT, RIGHT))
            self._take(Rung.SHARED_ACCESSION, by_links(left.merge(right, on="accession")))

    def _keyed(self, side: str, key: Keys) -> tuple[Positions, pd.Series]:
        frame, rows = self._frames[side], self._open[side]
        keys = key(frame if len(rows) == len(frame) else frame.iloc[rows])
        has_one = is_said(keys)
        return rows[has_one], keys[has_one]

    def _take(self, rung: Rung, decided: Decided) -> None:
        pairs, ambiguous = decided
        if len(pairs):
            self._pairs.append(pairs.assign(rung=rung.value))
        if len(ambiguous):
            self._ambiguous.append(ambiguous.assign(rung=rung.value))
        for side in (LEFT, RIGHT):
            unclear = ambiguous.loc[ambiguous["side"] == side, "row"]
            stays = np.ones(len(self._frames[side]), dtype=bool)
            stays[pairs[side].to_numpy()] = False
            stays[unclear.to_numpy()] = False
            self._open[side] = self._open[side][stays[self._open[side]]]

    def matched(self) -> Matched:
        """Sum up; what is alone on both sides is compared once more, with tolerance."""
        return Matched(
            pairs=together(self._pairs),
            proposals=self._proposed(),
            ambiguous=together(self._ambiguous),
            only_left=self._open[LEFT],
            only_right=self._open[RIGHT],
        )

    def _proposed(self) -> pd.DataFrame:
        """Propose pairs of one patient on one resource, close in time, where there is only one."""
        keys = ["issuer", "patient", "resource"]
        sides = {
            side: frame.iloc[self._open[side]][[*keys, "start"]].assign(row=self._open[side])
            for side, frame in self._frames.items()
        }
        left, right = (s[(s["patient"] != "") & s["start"].notna()] for s in sides.values())
        close = left.merge(right, on=keys, suffixes=("_left", "_right"))
        close = close[(close["start_left"] - close["start_right"]).abs() <= TOLERANCE]
        links = close.rename(columns={"row_left": "left", "row_right": "right"})
        return by_links(links).pairs.assign(rung=Rung.PROPOSED.value)


def _exploded(side: str, rows: Positions, sets: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame({side: rows, "accession": sets.str.split("|").to_numpy()})
    return frame.explode("accession", ignore_index=True)
