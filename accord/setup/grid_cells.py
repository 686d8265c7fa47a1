"""What stands in the cells of a grid that people fill in, read or refused; nothing is guessed."""

import unicodedata

from accord.domain.hours import MINUTES_A_DAY, minutes_of
from accord.domain.resources import MODALITIES

_YES = frozenset({"sim", "s", "yes", "y", "true", "verdadeiro", "x", "1", "on"})
_NO = frozenset({"nao", "n", "no", "false", "falso", "", "0", "off"})


def plain(text: str) -> str:
    """Give a text without accents, case and outer spaces."""
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def given(text: str) -> str:
    """Ask that something stand there."""
    if not text:
        raise ValueError("is empty")
    return text


def clock(text: str) -> int:
    """Read `08:00`, `8:00 AM` or `10:59 PM` into minutes after midnight."""
    word = text.upper().replace(".", "")
    half = word[-2:] if word[-2:] in ("AM", "PM") else ""
    parts = word.removesuffix(half).strip().split(":")
    minutes = minutes_of(":".join(parts[:2]))
    if len(parts) > 2 and parts[2:] != ["00"]:
        raise ValueError("must be HH:MM, without seconds")
    if not half:
        return minutes
    if not 60 <= minutes < 13 * 60:
        raise ValueError("must be 1:00 to 12:59 before AM or PM")
    return minutes % (12 * 60) + (12 * 60 if half == "PM" else 0)


def minutes(text: str) -> int:
    """Read `30`, `30 min`, `30,0` or `00:30` into minutes."""
    if ":" in text:
        found = minutes_of(":".join(text.split(":")[:2]))
    else:
        number = plain(text).removesuffix("minutos").removesuffix("min").strip()
        try:
            value = float(number.replace(",", "."))
        except ValueError:
            raise ValueError("must be minutes such as 30, or HH:MM") from None
        found = int(value)
        if found != value:
            raise ValueError("must be whole minutes")
    if not 1 <= found <= MINUTES_A_DAY:
        raise ValueError("must lie between 1 minute and 24 hours")
    return found


def yes_or_no(text: str) -> bool:
    """Read yes or no, in Portuguese, English or Excel's own words; empty is no."""
    word = plain(text)
    if word in _YES | _NO:
        return word in _YES
    raise ValueError("must be yes or no (sim ou não)")


def modalities(text: str) -> frozenset[str]:
    """Read modality codes, with `|` or commas between them; none is no code."""
    codes = {code.strip().upper() for code in text.replace(",", "|").split("|") if code.strip()}
    if not codes <= MODALITIES:
        raise ValueError("holds what is no modality code of DICOM, such as CT or DX")
    return frozenset(codes)
