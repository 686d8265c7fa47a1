"""What Accord must know of a PDF form before it relays it byte for byte."""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from pypdf import PdfReader
from pypdf.generic import StreamObject

from accord.domain.base import Record
from accord.domain.identifiers import Digest
from accord.rendering.pdf_reading import (
    MOST_DEPTH,
    MOST_OBJECTS,
    TooSlow,
    entries,
    entry,
    fields,
    filled,
    keep_in_time,
    open_pdf,
    resolved,
    stream_bytes,
)

MOST_TEXT_BYTES = 20 * 1024 * 1024  # drawn by all pages; a thousand pages of text are 5 MB

_HEADER = re.compile(rb"%PDF-\d")
_HEADER_WITHIN = 1024  # bytes; readers accept junk before the header up to here
_TRAILER_WITHIN = 2048  # bytes; and after the end marker
_AFTER_OPERATOR = rb"(?=[\s/\[(<]|$)"
_TEXT_SHOWN = re.compile(rb"[)>\]]\s*(?:Tj|TJ|'|\")" + _AFTER_OPERATOR)
_MARKS = re.compile(
    rb"(?:^|(?<=[\s)>\]]))(?:Tj|TJ|'|\"|Do|S|s|f\*?|F|B\*?|b\*?|sh|BI)" + _AFTER_OPERATOR
)
_XFA_VALUE = re.compile(rb">[^<>\s][^<>]*</")


class PdfFacts(Record):
    """
    What the bytes of a PDF say of it. Facts that an encrypted or damaged file hides are 0.

    `empty` means that nobody has said anything with it: no page, a form with no field
    filled, or (without a form) not one mark on any page.
    """

    pages: int = 0
    encrypted: bool = False
    """Even where the user's password is empty: the next reader may not know it."""
    damaged: bool = False
    empty: bool = False
    has_text: bool = False
    fields: int = 0
    filled_fields: int = 0
    xfa: bool = False
    """The form is XFA, which many viewers cannot show."""


def digest(content: bytes) -> Digest:
    """Give the SHA-256 by which two copies of a document are the same document."""
    return Digest(sha256(content).hexdigest())


def inspect(content: bytes) -> PdfFacts:
    """Look at a PDF's bytes. Any bytes may come; what cannot be read in time is damaged."""
    if not content:
        return PdfFacts(empty=True, damaged=True)
    if not _is_whole(content):
        return PdfFacts(damaged=True, encrypted=b"/Encrypt" in content)
    try:
        reader = open_pdf(content)
        if reader.is_encrypted:
            return PdfFacts(encrypted=True)
        return _facts(reader)
    except Exception:
        # pypdf raises nearly anything on bytes that are no PDF; each of them means the same
        return PdfFacts(damaged=True)


def _is_whole(content: bytes) -> bool:
    """
    Say whether the file has its first and its last line: a cut upload loses the last.

    An older end mark may be left inside; then objects follow it that no table names.
    """
    header = _HEADER.search(content[: _HEADER_WITHIN + 8])
    _, mark, tail = content[-_TRAILER_WITHIN:].rpartition(b"%%EOF")
    return header is not None and bool(mark) and b" obj" not in tail


def _facts(reader: PdfReader) -> PdfFacts:
    pages = list(_pages(reader))
    declared = entry(entry(reader.root_object, "/Pages"), "/Count")
    form = entry(reader.root_object, "/AcroForm")
    found = list(fields(reader))
    xfa = entry(form, "/XFA") is not None
    answers = max(filled(found), _xfa_filled(form))
    drawn, has_text = _marks(reader, pages)
    has_form = bool(found) or xfa
    return PdfFacts(
        pages=len(pages),
        damaged=not pages or (isinstance(declared, int) and declared != len(pages)),
        empty=not pages or (not answers if has_form else not drawn),
        has_text=has_text,
        fields=len(found),
        filled_fields=answers,
        xfa=xfa,
    )


def _pages(reader: PdfReader) -> Iterator[Any]:
    """Walk the page tree, which may be forged into a loop."""
    waiting = [(entry(reader.root_object, "/Pages"), 0)]
    seen = set[int]()
    while waiting and len(seen) < MOST_OBJECTS:
        node, depth = waiting.pop()
        if node is None or id(node) in seen or depth > MOST_DEPTH:
            continue
        seen.add(id(node))
        kids = entries(node, "/Kids")
        if kids or entry(node, "/Type") == "/Pages":
            waiting += [(kid, depth + 1) for kid in reversed(kids)]
        else:
            yield node


def _marks(reader: PdfReader, pages: list[Any]) -> tuple[bool, bool]:
    """Say whether any page shows anything, and whether any shows text."""
    drawn = has_text = False
    for page in pages:
        for content in _page_streams(reader, page):
            drawn = drawn or _MARKS.search(content) is not None
            has_text = has_text or _TEXT_SHOWN.search(content) is not None
            if drawn and has_text:
                return True, True
        drawn = drawn or any(entry(note, "/AP") is not None for note in entries(page, "/Annots"))
    return drawn, has_text


def _page_streams(reader: PdfReader, page: Any) -> Iterator[bytes]:
    """Decode what a page draws, by itself and through its form objects."""
    content = entry(page, "/Contents")
    forms = (one for one in _objects(page) if entry(one, "/Subtype") == "/Form")
    for stream in (*(entries(page, "/Contents") or [content]), *forms):
        keep_in_time(reader)
        yield stream_bytes(stream)


def _objects(page: Any) -> Iterator[Any]:
    """Walk the pictures and form objects that a page may draw, each once."""
    waiting, seen = [page], set[int]()
    while waiting and len(seen) < MOST_OBJECTS:
        drawn = entry(entry(waiting.pop(), "/Resources"), "/XObject") or {}
        for name in drawn:
            one = resolved(drawn[name])
            if id(one) not in seen:
                seen.add(id(one))
                waiting.append(one)
                yield one


def _xfa_filled(form: Any) -> int:
    """Count the values in an XFA form's datasets; no entity is ever expanded."""
    parts = entries(form, "/XFA")
    for name, packet in zip(parts[::2], parts[1::2], strict=False):
        if name == "datasets":
            return len(_XFA_VALUE.findall(stream_bytes(packet)))
    return 0


def same_content(one: bytes, other: bytes) -> bool:
    """
    Say whether two PDFs tell a reader the same, though their bytes may differ.

    Compared: page count, each page's text without its white space, the fields' values and
    the pictures' pixels: what a copy keeps that another program has written anew. What
    cannot be read is never the same, unless byte for byte.
    """
    if one == other:
        return True
    try:
        first, second = _told(open_pdf(one)), _told(open_pdf(other))
    except Exception:  # as in `inspect`
        return False
    texts, values, pictures = first
    return first == second and bool(any(texts) or values or pictures)


def tells_all_of(other: bytes, one: bytes) -> bool:
    """
    Say whether a PDF tells every word and every value of `one`, whatever else it tells.

    What cannot be read tells nothing, and what has no words cannot be told from anything.
    """
    try:
        wanted, told = _words(open_pdf(one)), "".join(_words(open_pdf(other)))
    except Exception:  # as in `inspect`
        return False
    return bool(wanted) and all(word in told for word in wanted)


def _words(reader: PdfReader) -> list[str]:
    """Give what is written on the pages and in the fields; a tick is a mark, not a word."""
    written = [one for one in fields(reader) if one.kind in ("Tx", "Ch") and one.is_filled]
    values = [_value(one.value) for one in written if not isinstance(one.value, list)]
    words = [
        _normal(word).casefold() for text in [*_texts(reader), *values] for word in text.split()
    ]
    return [word for word in words if word]


def _texts(reader: PdfReader) -> list[str]:
    if reader.is_encrypted:
        raise ValueError("encrypted")
    weight = sum(len(part) for page in _pages(reader) for part in _page_streams(reader, page))
    if weight > MOST_TEXT_BYTES:
        raise TooSlow("too much to read")
    return [page.extract_text() for page in reader.pages]


def _told(reader: PdfReader) -> tuple[tuple[str, ...], tuple[Any, ...], tuple[Any, ...]]:
    texts = tuple(map(_normal, _texts(reader)))
    values = sorted(
        (one.name, _value(one.value)) for one in fields(reader) if one.value is not None
    )
    pictures = sorted(
        (at, str(entry(one, "/Width")), str(entry(one, "/Height")), digest(stream_bytes(one)))
        for at, page in enumerate(_pages(reader))
        for one in _objects(page)
        if entry(one, "/Subtype") == "/Image"
    )
    return texts, tuple(values), tuple(pictures)


def _value(value: Any) -> str:
    if isinstance(value, StreamObject):
        return stream_bytes(value).decode("latin-1")
    return _normal(str(value))


def _normal(text: str) -> str:
    """Drop what two programs may write differently: white space and invisible characters."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(char for char in composed if unicodedata.category(char)[0] not in "CZ")
