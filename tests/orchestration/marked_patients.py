"""Patients who carry a mark in every field."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from accord.sandbox.blume_forms import TITLES, Resource
from accord.sandbox.blume_pdfs import filled_form
from accord.sandbox.blume_writer import FormWriter, Written
from accord.sandbox.world import Setting, Visit

BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"


@dataclass(frozen=True)
class Marks:
    """
    What the patients of one test carry, and no one else anywhere.

    Args:
        word: stands in every name and text; letters only, so that it may be a name.
        code: begins every number.
    """

    word: str
    code: str
    phone: str
    birth_date: date

    @property
    def texts(self) -> list[str]:
        """What to look for: each is part of what stands in some field."""
        return [
            *(self.word, self.code, self.phone),
            *(self.birth_date.isoformat(), f"{self.birth_date:%Y%m%d}"),
        ]

    @property
    def family(self) -> str:
        """The family name of all of them."""
        return f"{self.word}flosser"

    @property
    def given(self) -> str:
        """The given name of all of them."""
        return f"{self.word}ina"


PATIENTS = Marks("Quasten", "QZ7731", "977319042", date(1931, 7, 19))
MESSAGES = ["%PDF-1.", "MSH|^~\\&|"]
"""How documents and messages begin: none of them may lie where their patients may not."""


class MarkedWriter(FormWriter):
    """Writes forms of marked patients; each form has a patient of its own."""

    def __init__(
        self, marks: Marks, seed: int, setting: Setting, now: Callable[[], datetime]
    ) -> None:
        super().__init__(seed, setting, now)
        self._marks, self._numbers = marks, itertools.count(1)

    def another(self, visit: Visit) -> Visit:
        """Give a visit of a new patient, marked."""
        marks, number = self._marks, next(self._numbers)
        return replace(
            super().another(visit),
            patient_number=f"{marks.code}N{number:03}",
            accession=f"{marks.code}A{number:03}",
            placer_order=f"{marks.code}P{number:03}",
            family=marks.family,
            given=marks.given,
            birth_date=marks.birth_date,
            email=f"{marks.word.lower()}@example.org",
            study_description=f"{marks.word}studie",
        )

    def normal(self, visit: Visit, kind: str, template: str | None = None) -> Written:
        """Write a Normal form whose every text answer is marked."""
        resources, note = super().normal(visit, kind, template)
        return [_answered(each, self._marks) for each in resources], note

    def pdf(
        self, visit: Visit, kind: str, content: bytes | None = None, *, size: int = 0
    ) -> Written:
        """Write a PDF form with marked answers, keywords, file name and description."""
        if content is None:
            answer = f"{self._marks.word}antwort"
            content = filled_form(TITLES[kind], answer, f"{answer} {next(self._numbers)}")
        resources, note = super().pdf(visit, kind, content, size=size)
        return [_described(each, self._marks) for each in resources], note

    def arrival(self, visit: Visit) -> list[Resource]:
        """Write patient, order and appointment, marked wherever R4 has room for a text."""
        patient, order, appointment = super().arrival(visit)
        word = self._marks.word
        patient |= {
            "address": [{"line": [f"{word}allee 7"], "city": f"{word}burgo", "text": word * 2}],
            "telecom": [*patient["telecom"], {"system": "phone", "value": self._marks.phone}],
            "contact": [{"name": {"family": f"{word}mutter", "text": f"{word}mutter"}}],
            "extension": [{"url": BIRTH_PLACE, "valueAddress": {"city": f"{word}stadt"}}],
        }
        order |= {
            "note": [{"text": f"{word}notiz"}],
            "reasonCode": [{"text": f"{word}leiden"}],
            "patientInstruction": f"{word}anweisung",
        }
        appointment |= {"description": f"{word}termin", "comment": f"{word}bemerkung"}
        return [patient, order, appointment]


def _answered(form: Resource, marks: Marks) -> Resource:
    marked: Resource = json.loads(json.dumps(form))
    _mark_answers(marked["item"], marks)
    return marked


def _mark_answers(items: list[Resource], marks: Marks) -> None:
    for item in items:
        for answer in item.get("answer", ()):
            for name in answer:
                if name in _MARKED:
                    answer[name] = _MARKED[name](marks)
        _mark_answers(item.get("item", []), marks)


_MARKED: dict[str, Callable[[Marks], Any]] = {
    "valueString": lambda marks: f"{marks.word}leiden seit gestern, Tel. {marks.phone}",
    "valueUri": lambda marks: f"https://{marks.word.lower()}.example/",
    "valueDate": lambda marks: marks.birth_date.isoformat(),
    "valueReference": lambda marks: {"display": f"{marks.word}arzt"},
}


def _described(resource: Resource, marks: Marks) -> Resource:
    if resource["resourceType"] != "DocumentReference":
        return resource
    marked: Resource = json.loads(json.dumps(resource))
    marked["description"] = f"{marks.word}beschreibung"
    marked["content"][0]["attachment"]["title"] = f"{marks.word}akte {marks.code}"
    return marked
