"""Who touched whose documents, and how few questions that takes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, select

from accord.ledger.tables import AUDIT
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_recognition import the_vendor_brings


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path, patients=40) as opened:
        yield opened


def trail(clinic: Clinic) -> list[tuple[str, str, str, str, str]]:
    columns = [AUDIT.c[name] for name in ("action", "peer", "entity", "what", "outcome")]
    with clinic.ledger._database.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(AUDIT.c.seq))]


async def test_every_touch_of_a_patients_document_is_in_the_trail(clinic: Clinic) -> None:
    """Read at OmegaAI, looked for, written, read back: who, whose, what, how it ended, and when."""
    clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()

    (row,) = clinic.rows()
    assert [entry for entry in trail(clinic) if entry[0] != "set-mode"] == [
        ("read", "omegaai", row.subject, row.source, "passed"),
        ("look", "powerserver", row.subject, row.key, "absent"),
        ("write", "powerserver", row.subject, row.key, "landed"),
        ("read-back", "powerserver", row.subject, row.key, "bytes-equal"),
    ]
    assert clinic.ledger.verify_audit().seq == len(trail(clinic))


async def test_failures_are_in_the_trail_too(clinic: Clinic) -> None:
    """What was refused, what is in doubt and what could not be seen says so."""
    clinic.powerserver.faults.change({"answer_code": "AE", "answer_code_times": 1})
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    clinic.powerserver.faults.lose_answers = 1
    clinic.blume.submit_day(1, 0)
    blind = {"verify": lambda: clinic.powerserver.faults.change({"read_back_down": True})}
    await clinic.relay(before=blind)

    touched = [(entry[0], entry[4]) for entry in trail(clinic)]
    assert ("write", "answer-AE:207") in touched
    assert ("write", "no-answer") in touched
    assert ("read-back", "blind") in touched


async def test_polling_writes_one_entry_not_one_for_each_look(clinic: Clinic) -> None:
    """However often a run looks, the trail says once how its looking ended."""
    clinic.powerserver.faults.hide_documents_for_s = 0.5
    clinic.blume.submit_day(2, 0)

    await clinic.relay()

    assert Counter(entry[0] for entry in trail(clinic))["read-back"] == 2


@contextmanager
def counted(clinic: Clinic) -> Iterator[Counter[str]]:
    """Count the statements that reach the ledger, by their first word."""
    statements: Counter[str] = Counter()

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements[statement.split(None, 1)[0].upper()] += 1

    engine = clinic.ledger._database.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", count)


async def questions(clinic: Clinic, forms: int) -> dict[str, int]:
    """Relay this many forms, half of them with a copy of the vendor's; count the ledger's reads."""
    visits = clinic.world.visits[:forms]
    for number, visit in enumerate(visits):
        clinic.blume.submit_normal(visit, "clinical")
        if number % 2:
            the_vendor_brings(clinic, visit, "clinical")
    with counted(clinic) as planned:
        await clinic.relay(steps=[])
    with counted(clinic) as delivered:
        await clinic.relay(steps=["deliver"])
    with counted(clinic) as verified:
        await clinic.relay(steps=["verify"])
    return {
        "plan": planned["SELECT"],
        "deliver": delivered["SELECT"],
        "verify": verified["SELECT"],
    }


async def test_questions_to_the_ledger_do_not_grow_with_the_forms(tmp_path: Path) -> None:
    """Planning, looking and reading back ask by the page: four forms or twenty-four, the same."""
    asked = []
    for forms in (4, 24):
        (tmp_path / str(forms)).mkdir()
        with a_clinic(tmp_path / str(forms), patients=30) as clinic:
            asked.append(await questions(clinic, forms))

    few, many = asked
    assert many["plan"] == few["plan"]
    assert many["verify"] <= few["verify"] + 3
    assert many["deliver"] - few["deliver"] <= 3 * 10  # each send and each answer is a commit
