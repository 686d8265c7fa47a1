"""Generated messages, and the public samples where they are."""

import random
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "hl7v2"
OWN = Path(__file__).resolve().parents[1] / "data" / "hl7v2"

_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,-'/"
_ACCENTS = "áéíóúâêôãõçÁÉÇÑüß"
_ESCAPES = ("\\F\\", "\\S\\", "\\T\\", "\\R\\", "\\E\\")
_EVENTS = ("ADT^A04", "ADT^A08", "ORM^O01", "SIU^S12", "MDM^T02", "ORU^R01")
_VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1")


def samples() -> list[Path]:
    """The sample messages of this repository, and all shared ones where the folder exists."""
    found = {path.name: path for path in (*OWN.glob("*.hl7"), *SHARED.glob("*.hl7"))}
    return [found[name] for name in sorted(found)]


def sample_bytes(path: Path) -> bytes:
    """A sample as it would travel: CR at the end of each segment."""
    return path.read_bytes().replace(b"\r\n", b"\r").replace(b"\n", b"\r")


def text(draw: random.Random, *, escapes: bool = True, accents: bool = True) -> str:
    letters = _PLAIN + (_ACCENTS if accents else "")
    parts = ["".join(draw.choices(letters, k=draw.randrange(0, 12)))]
    if escapes and draw.random() < 0.2:
        parts += [draw.choice(_ESCAPES), draw.choice(letters)]
    return "".join(parts).strip()


def field(draw: random.Random, *, accents: bool = True) -> str:
    if draw.random() < 0.3:
        return ""

    def component() -> str:
        return "&".join(text(draw, accents=accents) for _ in range(_few(draw)))

    return "~".join("^".join(component() for _ in range(_few(draw))) for _ in range(_few(draw)))


def _few(draw: random.Random) -> int:
    return draw.choice((1, 1, 1, 2, 3))


def message(
    draw: random.Random, *, accents: bool = True, names: tuple[str, ...] = ("OBX", "NTE", "ZDS")
) -> str:
    """A message of some segments with everything a delimiter can do in them."""
    control_id = f"G{draw.randrange(10**12)}"
    segments = [
        f"MSH|^~\\&|{text(draw, escapes=False, accents=accents)}|LAB|ACCORD|SITE|20260105083000||"
        f"{draw.choice(_EVENTS)}|{control_id}|P|{draw.choice(_VERSIONS)}||||||UNICODE UTF-8"
    ]
    for name in ("PID", "PV1", *draw.choices(names, k=draw.randrange(4))):
        fields = "|".join(field(draw, accents=accents) for _ in range(draw.randrange(1, 12)))
        segments.append(f"{name}|{fields}")
    return "\r".join(segments) + "\r"
