"""A PDF opened with care: bounded in time and size, silent in the log."""

import io
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

# pypdf's warnings quote the file, and a form is patient data
logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)

READ_WITHIN_S = 5.0
MOST_OBJECTS = 20_000  # pages, fields or pictures looked at in one file
MOST_DEPTH = 60


class TooSlow(Exception):
    """The file takes longer to read than an honest one would."""


class _Bounded(io.BytesIO):
    """Bytes whose reader is stopped at its deadline, wherever its loop stands."""

    def __init__(self, content: bytes, ends_at: float, clock: Callable[[], float]) -> None:
        super().__init__(content)
        self._ends_at, self._clock = ends_at, clock

    def _check(self) -> None:
        if self._clock() > self._ends_at:
            raise TooSlow("the PDF takes too long to read; open it by hand")

    def read(self, size: int | None = -1, /) -> bytes:
        self._check()
        return super().read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._check()
        return super().seek(offset, whence)


def open_pdf(content: bytes, clock: Callable[[], float] = time.monotonic) -> PdfReader:
    """
    Open a PDF; each later access to it keeps to the same deadline.

    Raises:
        Exception: whatever pypdf raises on a file it cannot read, or `TooSlow`.
    """
    return PdfReader(_Bounded(content, clock() + READ_WITHIN_S, clock), strict=False)


def keep_in_time(reader: PdfReader) -> None:
    """
    Check the deadline where a loop does not read the file itself.

    Raises:
        TooSlow: it is over.
    """
    reader.stream.seek(0, io.SEEK_CUR)


def resolved(value: Any) -> Any:
    """Follow an indirect reference."""
    return value.get_object() if isinstance(value, IndirectObject) else value


def entry(holder: Any, key: str) -> Any:
    """Give a dictionary's entry, references followed; None where there is none."""
    holder = resolved(holder)
    return resolved(holder.get(key)) if isinstance(holder, DictionaryObject) else None


def entries(holder: Any, key: str) -> list[Any]:
    """Give an array entry's elements, references followed; [] where there is none."""
    found = entry(holder, key)
    return [resolved(one) for one in found] if isinstance(found, ArrayObject) else []


def stream_bytes(stream: Any) -> bytes:
    """Decode a stream; b'' for anything else."""
    return bytes(stream.get_data()) if isinstance(stream, StreamObject) else b""


class Field(NamedTuple):
    """One field of a form that a person can fill."""

    name: str
    kind: str
    """Tx, Btn, Ch or Sig."""
    value: Any
    flags: int = 0

    @property
    def is_locked(self) -> bool:
        """Whether a viewer lets nobody change it."""
        return bool(self.flags & 1)

    @property
    def is_filled(self) -> bool:
        """
        Whether its value is somebody's answer.

        A value that equals the default counts: several editors write both alike, and to
        leave a default standing is an answer too.
        """
        value = self.value
        if value is None:
            return False
        if self.kind == "Btn":
            return str(value) not in ("", "/Off", "/")
        if isinstance(value, StreamObject):
            return bool(value.get_data().strip())
        return isinstance(value, DictionaryObject) or (bool(str(value).strip()) and value != [])


def fields(reader: PdfReader) -> Iterator[Field]:
    """
    Walk the form's fields that a person can fill; push buttons are none.

    Kinds, values and flags are inherited, as the standard has it.
    """
    form = entry(reader.root_object, "/AcroForm")
    waiting = [(one, _NOTHING, 0) for one in reversed(entries(form, "/Fields"))]
    seen = set[int]()
    while waiting and len(seen) < MOST_OBJECTS:
        element, parent, depth = waiting.pop()
        if id(element) in seen or depth > MOST_DEPTH or not isinstance(element, DictionaryObject):
            continue
        seen.add(id(element))
        field = _inherited(element, parent)
        kids = [kid for kid in entries(element, "/Kids") if entry(kid, "/T") is not None]
        if kids:
            waiting += [(kid, field, depth + 1) for kid in reversed(kids)]
        elif field.kind and not (field.kind == "Btn" and field.flags & _PUSH_BUTTON):
            yield field


_NOTHING = Field("", "", None)
_PUSH_BUTTON = 1 << 16


def _inherited(element: DictionaryObject, parent: Field) -> Field:
    own = {key: entry(element, key) for key in ("/T", "/FT", "/V", "/Ff")}
    name = ".".join(part for part in (parent.name, str(own["/T"] or "")) if part)
    return Field(
        name=name,
        kind=str(own["/FT"] or parent.kind).lstrip("/"),
        value=parent.value if own["/V"] is None else own["/V"],
        flags=int(own["/Ff"]) if isinstance(own["/Ff"], int) else parent.flags,
    )


def filled(found: Sequence[Field]) -> int:
    """
    Count the fields that somebody has filled.

    A locked field was filled by whoever made the form, unless the whole form was locked
    when it was submitted.
    """
    open_ones = [field for field in found if not field.is_locked]
    return sum(field.is_filled for field in open_ones or found)
