"""One FHIR `value[x]` as a person reads it."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from accord.domain.answer_sheet import Answer, Attachment
from accord.domain.phrasing import PHRASES, say_date, say_moment, say_number, say_size, say_time
from accord.domain.response_items import words

RAW_LIMIT = 2000  # characters shown of content that nobody can read

CodeNames = Mapping[tuple[str | None, str], str]
"""(system, code) -> what the form calls it; system None where only one system has the code."""


class ValueReader:
    """
    Turns values into answers in one language.

    Args:
        locale: `pt-BR` or `en-US`.
    """

    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._phrases = PHRASES[locale]
        self._readers: dict[str, Callable[[Any], str]] = {
            "valueBoolean": self._boolean,
            "valueDecimal": self._number,
            "valueInteger": self._number,
            "valueDate": lambda value: say_date(value, locale),
            "valueDateTime": lambda value: say_moment(value, locale),
            "valueTime": lambda value: say_time(time.fromisoformat(value), locale),
            "valueString": _text,
            "valueUri": _text,
            "valueQuantity": self._quantity,
            "valueReference": _reference,
        }

    def read(self, key: str, value: Any, names: CodeNames, unit: str = "") -> Answer | None:
        """
        Say one value; what cannot be read is shown raw and marked, a blank text is no answer.

        Args:
            key: the element's name (`valueCoding`), or `absent`.
            names: what the form calls its codes.
            unit: the question's unit, for bare numbers.
        """
        if isinstance(value, str) and not value.strip():
            return None
        try:
            return self._said(key, value, names, unit)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            return Answer(text=_raw(value), unreadable=True)

    def sign(self, signature: Any) -> Answer:
        """Say a FHIR Signature: who, when, and its picture where it has one."""
        try:
            return self._signature(signature)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Answer(text=_raw(signature), unreadable=True)

    def _said(self, key: str, value: Any, names: CodeNames, unit: str) -> Answer:
        if key == "absent":
            return Answer(text=self._phrases.absent.get(value) or _text(value))
        if key == "valueAttachment":
            return self._attachment(value)
        if key == "valueCoding":
            return Answer(text=_coding(value, names))
        text = self._readers[key](value)
        if unit and key in ("valueDecimal", "valueInteger"):
            text = f"{text} {unit}"
        return Answer(text=text)

    def _boolean(self, value: Any) -> str:
        if value is True:
            return self._phrases.yes
        if value is False:
            return self._phrases.no
        raise ValueError("not a boolean")

    def _number(self, value: Any) -> str:
        return say_number(value, self._locale)

    def _quantity(self, value: Mapping[str, Any]) -> str:
        number = value.get("value")
        parts = [
            words(value.get("comparator")),
            "" if number is None else self._number(number),
            words(value.get("unit")) or words(value.get("code")),
        ]
        return _text(" ".join(part for part in parts if part))

    def _attachment(self, value: Mapping[str, Any]) -> Answer:
        content = _decoded(value.get("data"))
        media_type = words(value.get("contentType"))
        title = words(value.get("title")) or self._phrases.attachment
        size = len(content) if content is not None else value.get("size")
        told = [media_type, say_size(size, self._locale) if isinstance(size, int) else ""]
        about = ", ".join(part for part in told if part)
        link = words(value.get("url"))
        if content is None and not link and not words(value.get("title")):
            raise ValueError("an attachment without content, address or title")
        lines = [f"{title} ({about})" if about else title, link]
        return Answer(
            text="\n".join(line for line in lines if line),
            attachment=Attachment(title=title, media_type=media_type, content=content),
        )

    def _signature(self, value: Mapping[str, Any]) -> Answer:
        content = _decoded(value.get("data"))
        who = value.get("who")
        when = words(value.get("when"))
        told = [_reference(who) if who else "", say_moment(when, self._locale) if when else ""]
        picture = Attachment(
            title=self._phrases.signature,
            media_type=words(value.get("sigFormat")),
            content=content,
        )
        text = ", ".join(part for part in told if part) or self._phrases.signature
        return Answer(text=text, attachment=picture if content else None)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a text")
    return value.strip()


def _coding(value: Mapping[str, Any], names: CodeNames) -> str:
    code, system = words(value.get("code")), words(value.get("system"))
    said = words(value.get("display")) or names.get((system, code)) or names.get((None, code))
    if said:
        return said
    return f"{_text(code)} ({system})" if system else _text(code)


def _reference(value: Mapping[str, Any]) -> str:
    identifier = value.get("identifier") or {}
    return _text(
        words(value.get("display"))
        or words(value.get("reference"))
        or words(identifier.get("value"))
    )


def _decoded(data: Any) -> bytes | None:
    if data is None:
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _raw(value: Any) -> str:
    """Show content nobody can read as it came, at most `RAW_LIMIT` characters of it."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return "(…)"
    return text if len(text) <= RAW_LIMIT else f"{text[:RAW_LIMIT]} (…)"
