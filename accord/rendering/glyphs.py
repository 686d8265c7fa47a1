"""What the pinned fonts can draw. No other font is ever used."""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"

FAMILIES = ("Noto Sans", "Noto Sans Math", "Noto Sans Symbols2")
"""In the order in which the typesetter asks them for a glyph."""

_LAYOUT = frozenset("\t\n\r")
_JOINERS = frozenset("\u200c\u200d")  # they shape what stands beside them
_INVISIBLE = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)]))
"""Variation selectors and skin tones: they only colour what stands before them."""
_LOST = "\ufffd"
_EMOJI = range(0x1F000, 0x1FB00)
_LONGEST_RUN = 24  # small letters that the narrowest column holds
_WIDE = frozenset("mwMW@%")
_LONG = re.compile(rf"\S{{{_LONGEST_RUN // 2 + 1},}}")


class Undrawable(Exception):
    """The pinned fonts lack a glyph that the text needs; a person decides what to do."""


@cache
def _coverage() -> frozenset[str]:
    """Read the characters for which some pinned font has a glyph."""
    drawn = set[str]()
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            drawn.update(map(chr, font.getBestCmap()))
    return frozenset(char for char in drawn if char != _LOST and not _is_control(char))


@cache
def _plain() -> frozenset[str]:
    """Give the characters that go to the typesetter as they are."""
    return frozenset(char for char in _coverage() if _spell(char) == char) | _LAYOUT


def lacks_glyphs(text: str) -> frozenset[str]:
    """
    List the characters of a text that would become a blank box; empty if all can be drawn.

    Control characters count (they are names damaged on their way), and so does U+FFFD, the
    sign of a character already lost. Emoji do not: they are spelled out.
    """
    return frozenset(_spelled(text)) - _coverage() - _LAYOUT


def drawable(text: str) -> str:
    """
    Prepare a text for the typesetter: composed, emoji spelled out, long runs breakable.

    Nothing that can be read changes: only invisible format characters go, and zero-width
    spaces come where a run of letters is longer than a column is wide.

    Raises:
        Undrawable: a character has no glyph.
    """
    plain = _spelled(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))
    missing = frozenset(plain) - _coverage() - _LAYOUT
    if missing:
        raise Undrawable(
            f"{len(missing)} character(s) have no glyph in the pinned fonts "
            "(rule: font-covers-text); correct the text at its source"
        )
    return _LONG.sub(_softened, plain)


def _spelled(text: str) -> str:
    """Compose; drop invisible format characters; spell emoji: `[crying face]`."""
    composed = unicodedata.normalize("NFC", text)
    if frozenset(composed) <= _plain():
        return composed
    return "".join(map(_spell, composed))


def _spell(char: str) -> str:
    if char.isascii() or char in _JOINERS:
        return char
    if unicodedata.category(char) == "Cf" or char in _INVISIBLE:
        return ""
    if char in _coverage():
        return char
    is_sign = ord(char) in _EMOJI or unicodedata.category(char) == "So"
    name = unicodedata.name(char, "")
    return f"[{name.lower()}]" if is_sign and name and char != _LOST else char


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Co")


def _softened(found: re.Match[str]) -> str:
    """Let a long run break after any character that no combining mark follows."""
    run = found.group()
    wide = sum(char in _WIDE or char.isupper() or char >= "\u2000" for char in run)
    if len(run) + wide <= _LONGEST_RUN:
        return run
    soft = [run[0]]
    for before, char in pairwise(run):
        joined = unicodedata.combining(char) or char in _JOINERS or before in _JOINERS
        soft.append(char if joined else f"\u200b{char}")
    return "".join(soft)
