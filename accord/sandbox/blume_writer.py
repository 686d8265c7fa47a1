import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from accord.sandbox import questionnaires as q
from accord.sandbox.blume_answers import answered
from accord.sandbox.blume_forms import (
    PLACES,
    TITLES,
    Resource,
    Submitted,
    binary,
    document,
    response,
    submitted,
)
from accord.sandbox.blume_pdfs import PdfPress
from accord.sandbox.omegaai_world import appointment_resource, order_resource, patient_resource
from accord.sandbox.world import Setting, Visit

CHOICES = {
    "registration": (q.REGISTRATION_PT, q.REGISTRATION_EN),
    "clinical": (q.CLINICAL_PT, q.CLINICAL_EN, q.SAFETY_PT, q.LONG_PT),
}
Written = tuple[list[Resource], Submitted]


class FormWriter:
    """Writes forms as resources, from a seed; nothing is submitted until someone loads them."""

    def __init__(self, seed: int, setting: Setting, now: Callable[[], datetime]) -> None:
        self.dice = random.Random(f"blume {seed}")
        self.press = PdfPress(seed)
        self._setting, self._now = setting, now
        self._templates = {f"{t['url']}|{t['version']}": t for t in q.templates(setting)}

    def normal(self, visit: Visit, kind: str, template: str | None = None) -> Written:
        """Write one Normal form, on a template of that kind or on the one given."""
        wanted = self._templates[template or self.dice.choice(CHOICES[kind])]
        answers = answered(wanted["item"], self.dice)
        source = response(self.new_id(), visit, wanted, answers, self._now())
        return [source], submitted(source, kind, visit, None, PLACES[kind])

    def pdf(
        self, visit: Visit, kind: str, content: bytes | None = None, *, size: int = 0
    ) -> Written:
        """Write one PDF form, of about `size` bytes or of the bytes given."""
        made = self.press.form(TITLES[kind], visit.given, size) if content is None else content
        source_id = self.new_id()
        source = document(source_id, visit, kind, made, (self._now(), self._setting))
        return [binary(source_id, made), source], submitted(source, kind, visit, made, PLACES[kind])

    def kind_of(self, template: str) -> str:
        """Tell which of Blume's two templates a canonical is."""
        return str(self._templates[template]["extension"][0]["valueCode"])

    def arrival(self, visit: Visit) -> list[Resource]:
        """Write a visit's patient, order and appointment."""
        return [
            patient_resource(visit, self._setting),
            order_resource(visit, self._setting),
            appointment_resource(visit, self._setting),
        ]

    def another(self, visit: Visit) -> Visit:
        """Give a visit of a new patient, so that no other form is spoilt with it."""
        number = f"9{self.dice.randrange(10**8):08}"
        return replace(
            visit,
            patient_id=self.new_id(),
            service_request_id=self.new_id(),
            appointment_id=self.new_id(),
            patient_number=number,
            accession=f"B{number}",
            placer_order=f"Q{number}",
            study_uid=f"2.25.{self.dice.getrandbits(120)}",
        )

    def new_id(self) -> str:
        """Give a fresh logical id."""
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
