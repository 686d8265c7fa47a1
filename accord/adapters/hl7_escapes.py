"""Delimiters and escape sequences (HL7 v2.5.1 section 2.7; 2.3.1 section 2.9)."""

import re
from functools import lru_cache
from typing import NamedTuple

from accord.adapters.hl7_errors import NotHl7, UndecodableText


class Delimiters(NamedTuple):
    """One message's delimiters, each one byte; b'' where MSH-2 does not name it."""

    field: bytes = b"|"
    component: bytes = b"^"
    repetition: bytes = b"~"
    escape: bytes = b"\\"
    subcomponent: bytes = b"&"


STANDARD = Delimiters()

_ESCAPED = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
# What would end the segment or the MLLP block travels as hex.
_ESCAPED |= {character: f"\\X{ord(character):02X}\\" for character in "\r\n\x0b\x1c"}
_TRANSLATION = str.maketrans(_ESCAPED)


def escape(text: str) -> str:
    """Give `text` so that it may stand in a field; `unescape` gives it back."""
    # Ten scans in C are faster than one in Python on a document of megabytes.
    if any(character in text for character in _ESCAPED):
        return text.translate(_TRANSLATION)
    return text


def delimiters(header: bytes) -> Delimiters:
    """
    Read a message's delimiters from the beginning of its MSH segment.

    Raises:
        NotHl7: MSH-1 and MSH-2 are missing, doubled, or not signs of ASCII.
    """
    separator = header[3:4]
    encoding = header[4:12].split(separator, 1)[0] if separator else b""
    return _named(separator + encoding)


@lru_cache(maxsize=64)
def _named(signs: bytes) -> Delimiters:
    if not 2 <= len(signs) <= 6 or len(set(signs)) != len(signs):
        raise NotHl7("MSH-1 and MSH-2 do not name the delimiters")
    if any(sign <= 0x20 or sign >= 0x7F or chr(sign).isalnum() for sign in signs):
        raise NotHl7("MSH-1 and MSH-2 do not name usable delimiters")
    return Delimiters(*(signs[place : place + 1] for place in range(5)))


def unescape(raw: bytes, signs: Delimiters) -> bytes:
    r"""
    Give a field's bytes with its escape sequences carried out.

    Hex (`\X..\`) becomes bytes of the message's own set, so a character may be spread over
    several. Line breaks (`\.br\`, `\.sp\`) become LF, highlighting and layout vanish. What
    is no escape sequence stays as it stands, a lone escape character too.

    Raises:
        UndecodableText: the text switches character sets (`\C..\`, `\M..\`).
    """
    if not signs.escape or signs.escape not in raw:
        return raw
    return _pattern(signs.escape).sub(lambda found: _meaning(found[1], found[0], signs), raw)


@lru_cache(maxsize=16)
def _pattern(sign: bytes) -> re.Pattern[bytes]:
    edge = re.escape(sign)
    inner = (
        rb"[FSTREPHN]|[Xx](?:[0-9A-Fa-f]{2})+|\.[A-Za-z]{2}[+-]?[0-9]*"
        rb"|C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?"
    )
    return re.compile(edge + rb"(" + inner + rb")" + edge)


def _meaning(inner: bytes, whole: bytes, signs: Delimiters) -> bytes:
    kind = inner[:1]
    if kind in b"FSTRE":
        return _sign(kind, whole, signs)
    if kind in b"Xx":
        return bytes.fromhex(inner[1:].decode("ascii"))
    if kind == b".":
        return b"\n" * _line_breaks(inner)
    if kind in b"CM":
        raise UndecodableText("a text switches character sets by an escape sequence")
    return b"" if kind in b"HN" else whole


def _sign(kind: bytes, whole: bytes, signs: Delimiters) -> bytes:
    named = {
        b"F": signs.field,
        b"S": signs.component,
        b"T": signs.subcomponent,
        b"R": signs.repetition,
        b"E": signs.escape,
    }
    return named[kind] or whole


def _line_breaks(command: bytes) -> int:
    name, count = command[1:3].lower(), command[3:].lstrip(b"+-")
    if name == b"br":
        return 1
    # A hostile count must not become a gigabyte of line breaks.
    return min(int(count[:4] or 1), 100) if name in (b"sp", b"ce") else 0
