"""Prepared documents on this machine's disk: kept whole, private, and let go of."""

import stat
from pathlib import Path

from accord.delivery.outbox import Outbox


def test_what_waits_survives_a_power_failure(tmp_path: Path) -> None:
    """Each connection commits with FULL: what the ledger rests on is on the disk."""
    db = Outbox(tmp_path / "outbox.db")._connect()
    (synchronous,) = db.execute("PRAGMA synchronous").fetchone()
    (journal,) = db.execute("PRAGMA journal_mode").fetchone()
    db.close()

    assert (synchronous, journal) == (2, "wal")


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox.db")

    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
