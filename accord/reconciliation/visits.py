"""One side's visits as a frame: the same columns, whichever system they come from."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

DTYPES = {
    "source": "str",  # id at the peer: a Study Instance UID, `Appointment/12`
    "cross_reference": "str",  # the other side's `source`, where we have stored it; '' else
    "placer": "str",  # order number of who asked, '' where none is told
    "filler": "str",  # order number of who does it
    "accessions": "str",  # a visit has a set of them: sorted, with `|` between
    "issuer": "str",
    "patient": "str",  # number under the issuer
    "facility": "str",
    "resource": "str",
    "start": "datetime64[us, UTC]",  # NaT: not given a time yet
    "status": "str",  # the system's own word
    "reschedule": "bool",  # the patient asked for another time
}
"""The columns, also of a frame without rows."""


def visits_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a side's frame, numbered from 0. Its rows hold patients' numbers: it is never logged."""
    frame = pd.DataFrame(list(rows), columns=list(DTYPES))
    frame["start"] = pd.to_datetime(frame["start"], utc=True)
    return frame.astype(DTYPES)


def plain(column: pd.Series) -> np.ndarray:
    """
    Give a column's texts to numpy, for comparisons.

    These columns have no gaps, and looking for gaps is most of what a comparison of pandas' texts
    costs (measured).
    """
    return column.to_numpy(dtype=object)


def is_said(column: pd.Series) -> np.ndarray:
    """Say in which rows a text column says something."""
    return np.asarray(plain(column) != "", dtype=bool)


def accessions_text(accessions: Iterable[str]) -> str:
    """Write a set of accession numbers so that equal sets are equal texts."""
    return "|".join(sorted({each.strip() for each in accessions if each.strip()}))
