"""The documents that an acceptance run files: about nobody, and each says so on its page."""

import json
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from accord.domain.acceptance import Step
from accord.domain.identifiers import EffectKey
from accord.rendering.glyphs import FAMILIES
from accord.rendering.typesetting import Typesetter

TEMPLATE = (Path(__file__).parent / "acceptance.typ").read_bytes()

_WORDS = {
    "pt-BR": (
        "Documento de teste do Accord. Não é sobre nenhuma pessoa e não tem valor clínico.",
        "Foi enviado para descobrir o que este PowerServer aceita e pode ser retirado depois.",
    ),
    "en-US": (
        "A test document of Accord. It is about no person and of no clinical value.",
        "It was sent to find out what this PowerServer takes, and may be removed afterwards.",
    ),
}
_NAMES = {
    "pt-BR": {
        Step.REGISTRATION: "cadastro",
        Step.CLINICAL: "clínico",
        Step.REPLACEMENT: "clínico, versão 2",
        Step.MISTAKE: "para retirar",
        Step.STORED: "por C-STORE",
    },
    "en-US": {
        Step.REGISTRATION: "registration",
        Step.CLINICAL: "clinical",
        Step.REPLACEMENT: "clinical, version 2",
        Step.MISTAKE: "to be withdrawn",
        Step.STORED: "by C-STORE",
    },
}


def document_title(step: Step, locale: str) -> str:
    """Give the title under which the Document Viewer shows a step's document."""
    return f"TESTE ACCORD {_NAMES[locale][step]}"


@lru_cache(maxsize=32)
def acceptance_document(step: Step, key: EffectKey, at: datetime, locale: str) -> bytes:
    """
    Set a step's document; the same step, key and time give the same bytes.

    Args:
        at: the effect's own time, aware.
    """
    language, region = locale.split("-")
    payload = {
        "title": document_title(step, locale),
        "lines": [*_WORDS[locale], key],
        "language": language,
        "region": region,
        "fonts": list(FAMILIES),
    }
    return _typesetter().set(TEMPLATE, {"document": json.dumps(payload)}, at)


@cache
def _typesetter() -> Typesetter:
    return Typesetter()
