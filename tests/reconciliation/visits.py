"""Visits as both systems show them, row by row."""

from typing import Any

import pandas as pd

from accord.reconciliation.visits import visits_of

BASE: dict[str, Any] = {
    "source": "",
    "cross_reference": "",
    "placer": "",
    "filler": "",
    "accessions": "",
    "issuer": "LAKESIDE",
    "patient": "",
    "facility": "Lakeside Norte",
    "resource": "",
    "start": None,
    "status": "CONFIRMED",
    "reschedule": False,
}
NINE = "2026-11-30T09:00:00Z"


def side(*rows: dict[str, Any]) -> pd.DataFrame:
    """One side's frame; each row says only what matters to the test."""
    return visits_of({**BASE, "source": f"s{n}", **row} for n, row in enumerate(rows))
