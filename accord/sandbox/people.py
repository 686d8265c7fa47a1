import json
import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

GIVEN = {
    "F": ("Ana", "Beatriz", "Conceição", "Débora", "Estêfani", "Francisca", "Inês", "Júlia",
          "Luísa", "Maria Aparecida", "Núbia", "Raíssa", "Vitória", "Zélia"),
    "M": ("Antônio", "Caetano", "Davi", "Eustáquio", "Fábio", "Gonçalo", "João Batista", "Luís",
          "Mário", "Otávio", "Raí", "Sebastião", "Thiago", "Ubirajara"),
}  # fmt: skip
FAMILY = (
    "Silva", "Souza", "Conceição", "d'Ávila", "Araújo", "Guimarães", "Sant'Anna", "Brandão",
    "Magalhães", "Corrêa", "Peçanha", "Queirós", "Assunção", "Muniz",
    "Albuquerque Cavalcanti de Vasconcelos e Holanda Montenegro",
)  # fmt: skip
ABROAD = (
    ("Müller", "Jürgen", "M"), ("Ødegård", "Åse", "F"), ("Łukasiewicz", "Zbigniew", "M"),
    ("O'Brien", "Siobhán", "F"), ("Dvořák", "Žofie", "F"), ("Núñez Ibáñez", "Begoña", "F"),
    ("Nguyễn", "Thị Hồng", "F"), ("Yılmaz", "İsmail", "M"),
)  # fmt: skip
FAR_SCRIPT = ("𓀀𓂋𓏏", "𓃭𓏤")
"""A name in a script that no font of ours carries (Egyptian hieroglyphs)."""


@dataclass(frozen=True)
class Person:
    """A made-up person; no such number, birth date and name belong together anywhere."""

    family: str
    given: str
    birth_date: date
    sex: str
    email: str


def made_up_people(seed: int, count: int) -> list[Person]:
    """Make `count` persons from a seed; every third shares e-mail and family with the last."""
    dice = random.Random(seed)
    people: list[Person] = []
    for index in range(count):
        family, given, sex = _name(dice)
        shared = people and index % 3 == 2
        people.append(
            Person(
                family=people[-1].family if shared else family,
                given=given,
                birth_date=date(1931, 1, 1) + timedelta(days=dice.randrange(32_000)),
                sex=sex,
                email=people[-1].email if shared else f"{_plain(family)}.{index}@example.org",
            )
        )
    return people


def _name(dice: random.Random) -> tuple[str, str, str]:
    if dice.random() < 0.15:
        return dice.choice(ABROAD)
    sex = dice.choice("FM")
    return dice.choice(FAMILY), dice.choice(GIVEN[sex]), sex


def _plain(name: str) -> str:
    stripped = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in stripped.lower() if letter.isalnum())[:24]


def synthea_bundles(folder: Path) -> list[dict[str, Any]]:
    """Read Synthea's R4 bundles in an order that resolves: hospitals, practitioners, patients."""
    first = sorted(folder.glob("hospitalInformation*.json"))
    second = sorted(folder.glob("practitionerInformation*.json"))
    rest = sorted(set(folder.glob("*.json")) - {*first, *second})
    return [json.loads(path.read_text()) for path in (*first, *second, *rest)]


def synthea_people(bundles: list[dict[str, Any]]) -> list[Person]:
    """Give the persons of Synthea's bundles: made up as well, by somebody else."""
    people: list[Person] = []
    for entry in (entry for bundle in bundles for entry in bundle["entry"]):
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            name = resource["name"][0]
            people.append(
                Person(
                    family=name["family"],
                    given=" ".join(name["given"]),
                    birth_date=date.fromisoformat(resource["birthDate"]),
                    sex={"female": "F", "male": "M"}.get(resource["gender"], "U"),
                    email=f"{_plain(name['family'])}.{len(people)}@example.org",
                )
            )
    return people
