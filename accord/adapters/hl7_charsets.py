"""
MSH-18: HL7 table 0211, and the spellings of it that are met.

Only sets in which every byte below 128 is ASCII are read: in the others (JIS, Big-5,
GB 18030, UTF-16) a delimiter's byte may be half a character.
"""

from accord.adapters.hl7_errors import UndecodableText

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
_NAMES = {
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


def codec(name: str) -> str:
    """
    Give Python's codec for a character set by its HL7 name.

    Raises:
        UndecodableText: a name outside the table, or a set in which delimiters are not ASCII.

    Source: HL7 v2.5.1 table 0211
    """
    spelling = " ".join(name.upper().replace("_", " ").split()).replace("IR ", "IR")
    if spelling not in _NAMES:
        raise UndecodableText(
            "the character set (MSH-18, or the site's `character_set`) is none that can be read"
        )
    return _NAMES[spelling]
