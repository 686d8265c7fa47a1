"""
Where patient data could have ended up, and how it would look there.

A test plants markers in every patient field, lets runs succeed and fail, and then asks
`leaks()` for each place and form in which one of them is found.
"""

import base64
import bz2
import gzip
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

Sink = tuple[str, bytes]
_BASE64 = re.compile(rb"[A-Za-z0-9+/\n]{24,}=*\n?")


def sinks(
    prefect_home: Path, ledger: Path, *log_directories: Path, shorter_than: int = 50_000_000
) -> Iterator[Sink]:
    """
    Give every byte that Prefect, the ledger and our logs keep, each piece with its place.

    Prefect's database holds runs, parameters, states, task runs, logs, artifacts, events, block
    documents and variables. Results lie in files, wrapped and perhaps compressed. Databases are
    read cell by cell and as raw files, where deleted rows and the write-ahead log remain.
    """
    for database in sorted(prefect_home.rglob("*.db")):
        yield from _database(database)
    if ledger.exists() and not ledger.is_relative_to(prefect_home):
        yield from _database(ledger)
    for directory in (prefect_home, *log_directories):
        for path in sorted(directory.rglob("*")):
            if path.is_file() and path.stat().st_size < shorter_than:
                yield from _file(path)
    for beside in ledger.parent.glob(f"{ledger.name}*"):
        yield from _file(beside)


def variants(marker: str) -> Mapping[str, bytes]:
    """Give the forms in which a marker may lie somewhere, by name; each at least 6 bytes long."""
    plain = marker.encode()
    forms = {
        "plain": plain,
        "upper": marker.upper().encode(),
        "lower": marker.lower().encode(),
        "title": marker.title().encode(),
        "PID": "^".join(marker.split()).encode(),
        "PID upper": "^".join(marker.upper().split()).encode(),
        "PID reversed": "^".join(reversed(marker.split())).encode(),
        "UTF-16LE": marker.encode("utf-16-le"),
        "UTF-16BE": marker.encode("utf-16-be"),
        "latin-1": marker.encode("latin-1", "ignore"),
        "JSON": json.dumps(marker)[1:-1].encode(),
        "URL": quote(marker, safe="").encode(),
        "URL plus": quote_plus(marker).encode(),
        "hex": plain.hex().encode(),
        "hex upper": plain.hex().upper().encode(),
    }
    for name in ("plain", "upper", "PID upper"):
        for offset in range(3):
            forms[f"base64 of {name} at {offset}"] = _base64_core(forms[name], offset)
            urlsafe = forms[f"base64 of {name} at {offset}"].translate(
                bytes.maketrans(b"+/", b"-_")
            )
            forms[f"base64url of {name} at {offset}"] = urlsafe
    return {name: form for name, form in forms.items() if len(form) >= 6}


def leaks(places: Iterable[Sink], markers: Iterable[str]) -> list[str]:
    """List `place: form of marker number` for every find; never the marker itself."""
    wanted: dict[bytes, list[str]] = {}
    for number, marker in enumerate(markers):
        for name, form in variants(marker).items():  # many look alike: each is searched for once
            wanted.setdefault(form, []).append(f"{name} of marker {number}")
    return [
        f"{place}: {', '.join(names)}"
        for place, content in places
        for form, names in wanted.items()
        if form in content
    ]


def _base64_core(content: bytes, offset: int) -> bytes:
    """The part of a base64 text that is the same whatever stands before and after `content`."""
    encoded = base64.b64encode(b"\0" * offset + content)
    begin = (0, 2, 3)[offset]
    end = len(encoded) - (0, 3, 2)[(offset + len(content)) % 3]
    return encoded[begin:end]


def _database(path: Path) -> Iterator[Sink]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.text_factory = bytes
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            name = table.decode()
            cursor = db.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in cursor.description]
            for number, row in enumerate(cursor):
                for column, cell in zip(columns, row, strict=True):
                    if cell is not None:
                        content = cell if isinstance(cell, bytes) else str(cell).encode()
                        yield from _unpacked(f"{path.name}:{name}.{column}[{number}]", content)
    db.close()


def _file(path: Path) -> Iterator[Sink]:
    yield from _unpacked(str(path), path.read_bytes())


def _unpacked(name: str, content: bytes, depth: int = 3) -> Iterator[Sink]:
    """The content, and what it wraps: JSON strings in base64, compressed bytes."""
    yield name, content
    if depth == 0:
        return
    for inner in _wrapped(content):
        yield from _unpacked(f"{name}>", inner, depth - 1)


def _wrapped(content: bytes) -> Iterator[bytes]:
    for opener in (gzip.decompress, bz2.decompress, zlib.decompress):
        try:
            yield opener(content)
        except (OSError, EOFError, ValueError, zlib.error):
            continue
    if _BASE64.fullmatch(content):
        yield from _decoded(content.replace(b"\n", b""))  # a pickled exception's file
    if content[:1] in b"{[" and content:
        try:
            document = json.loads(content)
        except ValueError:
            return
        yield from _strings(document)


def _strings(document: object) -> Iterator[bytes]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _strings(key)
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
    elif isinstance(document, str) and len(document) >= 6:
        yield document.encode("utf-8", "surrogatepass")
        yield from _decoded(document.encode("utf-8", "surrogatepass"))


def _decoded(text: bytes) -> Iterator[bytes]:
    try:
        yield base64.b64decode(text, validate=True)
    except ValueError:
        return
