"""Patients as actors: they submit forms, change their minds, and do what patients do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from accord.sandbox.blume_forms import PLACES, TITLES, Resource, Submitted, attachment, binary
from accord.sandbox.blume_mischief import misbehave
from accord.sandbox.blume_pdfs import sha256
from accord.sandbox.blume_writer import FormWriter
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.world import Visit, World


class Blume:
    """
    The patients of a world, with a seed: the same seed submits the same forms.

    Args:
        now: the time at which a form is submitted; the wall clock by default.
        samples: PDF forms that others made; every third PDF form is one of them.
    """

    def __init__(
        self,
        sim: OmegaAISim,
        seed: int,
        world: World,
        now: Callable[[], datetime] | None = None,
        samples: Sequence[bytes] = (),
    ) -> None:
        self._samples = samples
        zone = ZoneInfo(world.setting.time_zone)
        self._sim, self._world = sim, world
        self._writer = FormWriter(seed, world.setting, now or (lambda: datetime.now(zone)))
        self._visits = cycle(world.visits)

    def submit_day(
        self,
        normal: int = 20,
        pdf: int = 10,
        wrong: Iterable[str] = (),
        *,
        pdf_bytes: int = 0,
        template: str | None = None,
    ) -> list[Submitted]:
        """
        Submit a day's forms at once, registration and clinical in turn.

        Args:
            wrong: names from `blume_mischief.MISCHIEF`, one submission each.
            pdf_bytes: about how large each PDF form shall be.
            template: canonical that all Normal forms answer, such as the one of 40 questions;
                its kind then decides where they go.
        """
        written = [self._normal(number, template) for number in range(normal)]
        written += [self._pdf(number, pdf_bytes) for number in range(pdf)]
        written += [misbehave(name, self._writer, next(self._visits)) for name in wrong]
        self._sim.load(resource for resources, _ in written for resource in resources)
        return [note for _, note in written]

    def submit_normal(self, visit: Visit, kind: str, template: str | None = None) -> Submitted:
        """Submit one Normal form; `kind` is that of the template, where one is given."""
        resources, note = self._writer.normal(visit, kind, template)
        self._sim.load(resources)
        return note

    def submit_pdf(self, visit: Visit, kind: str, content: bytes | None = None) -> Submitted:
        """Submit one PDF form, of the patient's own making if `content` is given."""
        resources, note = self._writer.pdf(visit, kind, content)
        self._sim.load(resources)
        return note

    def misbehave(self, name: str) -> Submitted:
        """Do one thing of `MISCHIEF`; what must become of it stands in that table."""
        return self.submit_day(0, 0, [name])[0]

    def amend(self, note: Submitted) -> Submitted:
        """Change a submitted form: a new version of the same resource."""
        source = self._stored(note)
        if note.pdf_digest is None:
            added = {"linkId": "amended", "text": "…", "answer": [{"valueString": "emendado"}]}
            return self._store(
                source | {"status": "amended", "item": [*source["item"], added]}, note
            )
        content = self._writer.press.form(TITLES[note.kind], "emendado")
        name = f"{source['id']}-{self._writer.new_id()[:8]}"
        self._sim.load([binary(name, content)])
        changed = {"docStatus": "amended", "content": attachment(name, note.kind, content)}
        return self._store(source | changed, replace(note, pdf_digest=sha256(content)))

    def withdraw(self, note: Submitted) -> Submitted:
        """Declare a submitted form entered in error."""
        return self._store(
            self._stored(note) | {"status": "entered-in-error"},
            replace(note, expected="withdrawn"),
        )

    def finish(self, note: Submitted) -> Submitted:
        """Press Submit on a form left in progress."""
        return self._store(
            self._stored(note) | {"status": "completed"},
            replace(note, expected=PLACES[note.kind], why=""),
        )

    def _normal(self, number: int, template: str | None) -> tuple[list[Resource], Submitted]:
        kind = _kind(number)
        if template is not None:
            kind = self._writer.kind_of(template)
        return self._writer.normal(next(self._visits), kind, template)

    def _pdf(self, number: int, size: int) -> tuple[list[Resource], Submitted]:
        sample = None
        if self._samples and number % 3 == 2:
            sample = self._samples[number // 3 % len(self._samples)]
        return self._writer.pdf(next(self._visits), _kind(number), sample, size=size)

    def _stored(self, note: Submitted) -> dict[str, Any]:
        source = dict(self._sim.read(*note.source_id.split("/")))
        source.pop("meta", None)
        return source

    def _store(self, source: Resource, note: Submitted) -> Submitted:
        stored = self._sim.load([source])[0]
        return replace(note, version=stored["meta"]["versionId"])


def _kind(number: int) -> str:
    return ("registration", "clinical")[number % 2]
