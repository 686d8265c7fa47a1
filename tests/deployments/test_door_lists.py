"""`accord attention` and `accord audit`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.domain.effects import EffectState, Intent
from accord.domain.keys import effect_key
from accord.ledger.records import PlannedEffect
from deployments.door_lists import attention, audit
from tasks.reports import ROWS_SHOWN
from tests.delivery.clinic import SITE_KEY, Clinic, a_clinic
from tests.deployments.visits import a_visit


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic in deliver mode."""
    with a_clinic(tmp_path) as opened:
        yield opened


def _attention(clinic: Clinic) -> tuple[int, list[str]]:
    lines: list[str] = []
    return attention(a_visit(clinic, locale="en-US"), lines.append), lines


def _audit(clinic: Clinic, reported: str = "") -> tuple[bool, str]:
    lines: list[str] = []
    visit = a_visit(clinic, locale="en-US")
    return audit(visit, lines.append, verify=True, reported=reported), "\n".join(lines)


async def test_what_waits_is_listed_with_what_to_do(clinic: Clinic) -> None:
    """Held forms and human tasks; each reason's words once."""
    wrong = ["clinical-without-accession", "encrypted-pdf", "encrypted-pdf"]
    clinic.blume.submit_day(normal=1, pdf=0, wrong=wrong)
    note = clinic.blume.submit_normal(clinic.world.visits[3], "registration")
    await clinic.relay()
    clinic.blume.withdraw(note)
    await clinic.relay()

    count, lines = _attention(clinic)

    text = "\n".join(lines)
    assert count == 5  # three held, one parked, and the task to retire its document
    assert text.count("pdf-not-encrypted: Ask the patient") == 1
    assert "retire-by-hand: The patient withdrew or corrected the form." in text
    assert note.patient_number not in text


async def test_more_than_an_artifact_shows_is_listed(clinic: Clinic) -> None:
    """Prefect's table ends after two hundred rows; this one does not."""
    clinic.ledger.plan(
        [
            PlannedEffect(
                key=effect_key(SITE_KEY, subject=str(n), intent="x", occasion="1"),
                organization="lakeside", process="relay-forms", intent=Intent.FILE_DOCUMENT,
                subject="someone", chain=f"chain-{n}", disposition=EffectState.HELD,
                reason="issuer-known",
            )
            for n in range(ROWS_SHOWN + 50)
        ]
    )  # fmt: skip

    count, lines = _attention(clinic)

    assert count == ROWS_SHOWN + 50
    assert sum("issuer-known" in line for line in lines) == count + 1


def test_nothing_waits(clinic: Clinic) -> None:
    """And it says so."""
    assert _attention(clinic) == (0, ["Nothing waits for a person."])


async def test_a_whole_trail_is_verified_against_a_reports_head(clinic: Clinic) -> None:
    """The head that a report carried is still there, with what came after."""
    clinic.blume.submit_day(normal=1, pdf=0)
    report = await clinic.relay()
    clinic.blume.submit_day(normal=1, pdf=0)
    await clinic.relay()

    whole, text = _audit(clinic, report.audit_head)

    assert whole
    assert "The audit trail is whole" in text


async def test_a_trail_that_was_cut_off_is_seen_by_a_reports_head(clinic: Clinic) -> None:
    """What is left is whole by itself: only the head written down elsewhere tells."""
    clinic.blume.submit_day(normal=1, pdf=0)
    report = await clinic.relay()
    with clinic.ledger._database.write() as connection:
        for trigger in ("audit_entry_stays", "audit_entry_never_changes"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'"
        ).scalars()
        for name in list(names):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(
            "DELETE FROM audit_entry WHERE seq = (SELECT max(seq) FROM audit_entry)"
        )

    alone, _ = _audit(clinic)
    against, text = _audit(clinic, report.audit_head)

    assert alone
    assert not against
    assert "THE AUDIT TRAIL WAS CHANGED" in text
