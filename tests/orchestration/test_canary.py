"""The canary would notice: each marker, in each form, in each place, is found."""

import base64
import bz2
import json
import pickle
import sqlite3
from pathlib import Path

import pytest

from tests.orchestration.canary import leaks, sinks, variants

MARKER = "Zephyrina Quastenflosser"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A Prefect home, a ledger and a log directory, all clean."""
    home, logs = tmp_path / "home", tmp_path / "logs"
    for directory in (home / "storage", logs):
        directory.mkdir(parents=True)
    for database in (home / "prefect.db", tmp_path / "ledger.db"):
        with sqlite3.connect(database) as db:
            db.execute("CREATE TABLE thing (words TEXT, raw BLOB)")
        db.close()
    return home, tmp_path / "ledger.db", logs


def _insert(path: Path, words: str, raw: bytes) -> None:
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO thing VALUES (?, ?)", (words, raw))
    db.close()


def test_clean_places_hold_no_marker(places: tuple[Path, Path, Path]) -> None:
    """A canary that always sings would prove nothing."""
    assert leaks(sinks(*places), [MARKER]) == []


@pytest.mark.parametrize("form", sorted(variants(MARKER)))
def test_every_form_of_a_marker_is_found_in_a_log(
    form: str, places: tuple[Path, Path, Path]
) -> None:
    """Upper case, PID, UTF-16, base64 at any alignment, hex, URL: whatever wrote it."""
    (places[2] / "run.log").write_bytes(b"before " + variants(MARKER)[form] + b" after")
    assert any(form in found for found in leaks(sinks(*places), [MARKER]))


@pytest.mark.parametrize("offset", range(3))
def test_base64_is_found_wherever_the_marker_stands_inside(offset: int) -> None:
    """Whatever stands before and after the marker in the encoded text."""
    encoded = base64.b64encode(b"x" * (offset + 6) + MARKER.encode() + b"tail")
    assert leaks([("here", encoded)], [MARKER])


def test_a_cell_of_either_database_is_read(places: tuple[Path, Path, Path]) -> None:
    """Text and blob cells of Prefect's database and of the ledger."""
    _insert(places[0] / "prefect.db", f"hello {MARKER}", b"")
    _insert(places[1], "", MARKER.encode("utf-16-le"))
    found = leaks(sinks(*places), [MARKER])
    assert any("prefect.db:thing.words" in place for place in found)
    assert any("ledger.db:thing.raw" in place for place in found)


@pytest.mark.parametrize("compress", [bytes, bz2.compress], ids=["plain", "compressed"])
def test_a_persisted_result_is_unpacked(compress: object, places: tuple[Path, Path, Path]) -> None:
    """Prefect's result files wrap a pickle in base64 in JSON, perhaps compressed."""
    assert callable(compress)
    packed = base64.b64encode(compress(pickle.dumps({"name": MARKER}))).decode()
    result = {"metadata": {"storage_key": "k"}, "result": packed}
    (places[0] / "storage" / "k").write_text(json.dumps(result))
    assert any(" plain of" in found for found in leaks(sinks(*places), [MARKER]))


def test_finds_never_quote_the_marker() -> None:
    """The canary's own report is a log too."""
    (found,) = [f for f in leaks([("log", MARKER.encode())], [MARKER]) if "plain" in f]
    assert MARKER not in found
