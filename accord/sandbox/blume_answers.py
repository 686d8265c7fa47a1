"""How a simulated patient fills in a template: an answer for every R4 item type."""

import base64
import random
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
Item = dict[str, Any]

SENTENCES = (
    "Dor lombar há três semanas, pior à noite; já tomei dipirona e não melhorou.",
    "Nenhuma queixa. Vim por orientação da Dra. Conceição.",
    "Caí da bicicleta em março — ainda incha quando caminho mais de 20 minutos.",
    "I feel a tingling in my left hand (3 fingers) since last Tuesday.",
)
WORDS = ("dipirona", "penicilina", "não", "losartana 50 mg", "frutos do mar", "látex")
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
        "0000000049454e44ae426082"
    )
).decode()

_MAKE: dict[str, Callable[[random.Random, Item], Answer]] = {
    "boolean": lambda dice, _: {"valueBoolean": dice.random() < 0.5},
    "decimal": lambda dice, _: {"valueDecimal": round(dice.uniform(41, 120), 1)},
    "integer": lambda dice, _: {"valueInteger": dice.randrange(9)},
    "date": lambda dice, _: {
        "valueDate": f"19{dice.randrange(40, 99)}-0{dice.randrange(1, 10)}-15"
    },
    "dateTime": lambda dice, _: {
        "valueDateTime": f"2026-10-{dice.randrange(10, 29)}T08:30:00-03:00"
    },
    "time": lambda dice, _: {"valueTime": f"0{dice.randrange(1, 10)}:00:00"},
    "string": lambda dice, _: {"valueString": dice.choice(WORDS)},
    "text": lambda dice, _: {"valueString": dice.choice(SENTENCES)},
    "url": lambda _, __: {"valueUri": "https://medico.example/conceicao"},
    "choice": lambda dice, item: dict(dice.choice(item["answerOption"])),
    "open-choice": lambda dice, item: (
        dict(dice.choice(item["answerOption"])) if dice.random() < 0.5 else {"valueString": "outro"}
    ),
    "attachment": lambda _, __: {
        "valueAttachment": {"contentType": "image/png", "data": PIXEL, "title": "assinatura.png"}
    },
    "reference": lambda _, __: {"valueReference": {"display": "Exame de 2024"}},
    "quantity": lambda dice, _: {
        "valueQuantity": {"value": dice.randrange(140, 200), "unit": "cm", "code": "cm"}
    },
}


def answered(items: list[Item], dice: random.Random) -> list[Item]:
    """Answer the items of a template; about one question in twelve is left unanswered."""
    found = []
    for item in items:
        answer: Item = {"linkId": item["linkId"], "text": item["text"]}
        if item["type"] == "group":
            answer["item"] = answered(item["item"], dice)
        elif item["type"] == "display" or dice.random() < 1 / 12:
            continue
        else:
            times = 2 if item.get("repeats") else 1
            answer["answer"] = [_MAKE[item["type"]](dice, item) for _ in range(times)]
        found.append(answer)
    return found


def first_text_answer(items: list[Item]) -> Item | None:
    """Find the first answer that is free text, to spoil it."""
    for item in items:
        for answer in item.get("answer", ()):
            if "valueString" in answer:
                return dict[str, Any](item)
        found = first_text_answer(item.get("item", []))
        if found:
            return found
    return None
