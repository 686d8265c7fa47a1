"""Pictures given as answers: PNG and JPEG, judged by their bytes, never by their label."""

import base64
import struct
from typing import NamedTuple

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 60_000_000  # a phone makes 50 million; a forged header can claim billions

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_UNFRAMED = frozenset({0x01, *range(0xD0, 0xDA)})  # JPEG markers without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TURNS = {
    2: "matrix(-1 0 0 1 {w} 0)",
    3: "matrix(-1 0 0 -1 {w} {h})",
    4: "matrix(1 0 0 -1 0 {h})",
    5: "matrix(0 1 1 0 0 0)",
    6: "matrix(0 1 -1 0 {h} 0)",
    7: "matrix(0 -1 -1 0 {h} {w})",
    8: "matrix(0 -1 1 0 0 {w})",
}
"""EXIF orientation -> the transform that turns the picture upright."""
_ORIENTATION = 0x0112


class Picture(NamedTuple):
    """A picture whose header is sound. Pixels as seen, that is, after turning it upright."""

    width: int
    height: int
    svg: str
    """The picture as the typesetter takes it from memory: its own bytes inside an SVG."""


def picture(content: bytes) -> Picture | None:
    """
    Read a PNG or JPEG; None for anything else, anything damaged and anything too large.

    Args:
        content: at most `MOST_BYTES` and `MOST_PIXELS` are drawn.
    """
    if len(content) > MOST_BYTES:
        return None
    try:
        found = _png(content) or _jpeg(content)
    except (struct.error, IndexError):
        return None
    if not found:
        return None
    media_type, width, height, orientation = found
    if not 0 < width * height <= MOST_PIXELS:
        return None
    turn = _TURNS.get(orientation, "").format(w=width, h=height)
    sideways = orientation >= 5
    seen = (height, width) if sideways else (width, height)
    return Picture(*seen, _svg(content, media_type, (width, height), seen, turn))


def _svg(
    content: bytes, media_type: str, size: tuple[int, int], seen: tuple[int, int], turn: str
) -> str:
    transform = f' transform="{turn}"' if turn else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{seen[0]}" height="{seen[1]}">'
        f'<image width="{size[0]}" height="{size[1]}"{transform} '
        f'href="data:{media_type};base64,{base64.b64encode(content).decode()}"/></svg>'
    )


def _png(content: bytes) -> tuple[str, int, int, int] | None:
    if not content.startswith(_PNG) or content[12:16] != b"IHDR" or b"IEND" not in content[-16:]:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return "image/png", width, height, 1


def _jpeg(content: bytes) -> tuple[str, int, int, int] | None:
    """Walk a JPEG's segments up to its frame header."""
    if not content.startswith(_JPEG) or b"\xff\xd9" not in content[-64:]:
        return None
    at, orientation = 2, 1
    while at < len(content) - 9:
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF or marker in _UNFRAMED:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return "image/jpeg", width, height, orientation
        if marker == 0xE1:
            orientation = _exif_orientation(content[at + 4 : at + 2 + length])
        at += 2 + length
    return None


def _exif_orientation(segment: bytes) -> int:
    """Read the orientation from an APP1 segment; 1 (upright) where it does not say."""
    if not segment.startswith(b"Exif\0\0"):
        return 1
    tiff = segment[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(count):
            at = start + 2 + 12 * entry
            (tag,) = struct.unpack_from(order + "H", tiff, at)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(order + "H", tiff, at + 8)
                return value if value in _TURNS else 1
    except struct.error:
        return 1
    return 1
