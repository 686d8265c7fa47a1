"""
MSH-18: HL7 table 0211, and the spellings of it that are met.

Only sets in which every byte below 128 is ASCII are here: in the others (JIS, Big-5, GB 18030,
UTF-16) a delimiter's byte may be half a character.
"""

from collections.abc import Mapping

_LATIN = {f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))}
_ISO_IR = {
    "6": "ascii",
    "100": "iso8859-1",
    "101": "iso8859-2",
    "109": "iso8859-3",
    "110": "iso8859-4",
    "144": "iso8859-5",
    "127": "iso8859-6",
    "126": "iso8859-7",
    "138": "iso8859-8",
    "148": "iso8859-9",
    "203": "iso8859-15",
    "192": "utf-8",
}
_CODECS: Mapping[str, str] = {
    "ASCII": "ascii",
    "US-ASCII": "ascii",
    **_LATIN,
    **{name.replace("8859/", "ISO-8859-"): codec for name, codec in _LATIN.items()},
    **{name.replace("8859/", "ISO8859-"): codec for name, codec in _LATIN.items()},
    **{f"ISO IR{number}": codec for number, codec in _ISO_IR.items()},
    # A message whose MSH could be read at all was not UCS-2: UTF-8 is what is meant.
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
}


def codec_of(name: str) -> str | None:
    """
    Give Python's codec for a character set by its HL7 name; None for one that cannot be read.

    Source: HL7 v2.5.1 table 0211
    """
    return _CODECS.get(" ".join(name.upper().replace("_", " ").split()).replace("IR ", "IR"))
