"""What PowerServer refuses and files all the same: found by looking, before its chain goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.delivery.desk import Desk
from accord.domain.effects import EffectState, Intent
from accord.domain.relay import RETIRE_BY_HAND
from accord.sandbox.blume_forms import Submitted
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_versions import EVERYTHING, a_form, ends, row_of, shown

S = EffectState
UNREAD = ["deliver"]
"""The steps of a run that dies, or cannot read, before it has looked back."""


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A site that takes replacements and withdrawals."""
    with a_clinic(tmp_path, hl7=EVERYTHING) as opened:
        yield opened


async def denied(clinic: Clinic, *, filed: bool, note: Submitted | None = None) -> Submitted:
    """Deliver one form that is answered AE, in a run that does not look back."""
    fault: dict[str, Any] = (
        {"denied_after_filing": 1} if filed else {"answer_code": "AE", "answer_code_times": 1}
    )
    clinic.powerserver.faults.change(fault)
    sent = note or a_form(clinic)
    await clinic.relay(steps=UNREAD)
    assert row_of(clinic, sent).state is S.REJECTED
    return sent


async def proven_alive(clinic: Clinic) -> None:
    """Let another form be read back, so that an absence means something."""
    clinic.blume.submit_normal(clinic.world.visits[1], "clinical")
    await clinic.relay()


async def test_it_is_found_and_no_longer_refused(clinic: Clinic) -> None:
    """The report says rejected only until it was looked for; nobody has to act."""
    first = await denied(clinic, filed=True)

    report = await clinic.relay()

    assert row_of(clinic, first).state is S.VERIFIED
    assert report.attention == ()
    assert len(shown(clinic)) == 1


async def test_the_next_version_waits_for_the_look_and_replaces_it(clinic: Clinic) -> None:
    """Two versions of a form do not stand side by side."""
    first = await denied(clinic, filed=True)
    second = clinic.blume.amend(first)
    await clinic.relay(steps=UNREAD)
    assert row_of(clinic, second).state is S.PLANNED

    await clinic.relay()
    await clinic.relay()

    (document,) = shown(clinic)
    assert document.control_id == row_of(clinic, second).key
    assert document.parent_number == row_of(clinic, first).key


async def test_without_the_look_both_would_stand(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule is what keeps them apart: where a refusal is believed, the next one is filed too."""
    monkeypatch.setattr(Desk, "is_looked_for", lambda *_: False)
    first = await denied(clinic, filed=True)
    clinic.blume.amend(first)

    await clinic.relay()

    assert len(shown(clinic)) == 2


async def test_its_withdrawal_waits_for_the_look_and_takes_it_back(clinic: Clinic) -> None:
    """A form that is there is not called nothing to withdraw."""
    await proven_alive(clinic)
    first = await denied(clinic, filed=True)
    clinic.blume.withdraw(first)
    await clinic.relay()

    await clinic.relay()

    assert row_of(clinic, first).key not in {document.control_id for document in shown(clinic)}
    assert ends(clinic) == ["verified"] * 3


async def test_what_is_refused_and_absent_makes_way(clinic: Clinic) -> None:
    """
    Nothing found when it would have to show, over a way that is alive: then the next version is
    filed, and the refused one is nobody's any more.
    """
    await proven_alive(clinic)
    first = await denied(clinic, filed=False)
    second = clinic.blume.amend(first)
    await clinic.relay()
    assert row_of(clinic, second).state is S.PLANNED
    clinic.forward(minutes=30)

    await clinic.relay()
    await clinic.relay()

    rows = [row_of(clinic, note) for note in (first, second)]
    assert [f"{row.state} {row.reason}".strip() for row in rows] == [
        "superseded newer-version",
        "verified",
    ]
    assert {document.control_id for document in shown(clinic)} >= {rows[1].key}


async def test_absence_over_a_dead_way_of_reading_proves_nothing(clinic: Clinic) -> None:
    """Nothing of this site was ever seen: the next version waits, and it is said why."""
    first = await denied(clinic, filed=False)
    second = clinic.blume.amend(first)
    clinic.forward(minutes=31)

    await clinic.relay()

    assert row_of(clinic, first).state is S.REJECTED
    assert row_of(clinic, second).state is S.PLANNED
    assert clinic.task_kinds() == ["read-back-unproven"]


async def test_a_refused_one_that_was_looked_for_is_not_looked_for_again(clinic: Clinic) -> None:
    await proven_alive(clinic)
    first = await denied(clinic, filed=False)
    clinic.forward(minutes=31)
    await clinic.relay()
    absent_at = row_of(clinic, first).absent_at
    assert absent_at is not None
    clinic.forward(minutes=1)

    await clinic.relay()

    assert row_of(clinic, first).absent_at == absent_at
    assert clinic.verifier is not None
    assert not clinic.verifier.settled


async def test_a_refused_withdrawal_that_was_carried_out_asks_nobody(clinic: Clinic) -> None:
    """The document is gone: the task to retire it by hand is called off."""
    await proven_alive(clinic)
    first = a_form(clinic)
    await clinic.relay()
    gone = clinic.blume.withdraw(first)
    await denied(clinic, filed=True, note=gone)
    assert clinic.task_kinds() == [RETIRE_BY_HAND]

    await clinic.relay()

    row = row_of(clinic, gone)
    assert (row.intent, row.state) == (Intent.WITHDRAW_DOCUMENT, S.VERIFIED)
    assert clinic.task_kinds() == []


async def test_something_like_it_elsewhere_is_a_persons(clinic: Clinic) -> None:
    """Refused, and filed under another type: a person decides before anything follows."""
    clinic.powerserver.faults.change({"retype": 1})
    first = await denied(clinic, filed=True)

    report = await clinic.relay()

    row = row_of(clinic, first)
    assert (row.state, row.reason) == (S.PARKED, "filed-elsewhere")
    assert [item.reason for item in report.attention] == ["filed-elsewhere"]


@pytest.mark.parametrize("then", ["amended", "withdrawn"])
async def test_shown_late_it_is_found_all_the_same(clinic: Clinic, then: str) -> None:
    """Looked for in vain while PowerServer does not show it yet: that settles nothing."""
    await proven_alive(clinic)
    clinic.powerserver.faults.hide_documents_for_s = 3600.0
    first = await denied(clinic, filed=True)
    clinic.forward(minutes=10)
    await clinic.relay(patience_s=0)
    (clinic.blume.withdraw if then == "withdrawn" else clinic.blume.amend)(first)
    await clinic.relay(patience_s=0)
    for document in clinic.powerserver.documents:
        document.visible_at = clinic.powerserver.now()
    clinic.powerserver.faults.hide_documents_for_s = 0.0

    await clinic.relay()
    await clinic.relay()

    assert row_of(clinic, first).state is S.VERIFIED
    assert len(shown(clinic)) == (1 if then == "withdrawn" else 2)


async def test_where_a_person_reads_back_a_person_says_it(tmp_path: Path) -> None:
    """The next version waits behind the refused one, which is told until somebody has looked."""
    with a_clinic(tmp_path, hl7=EVERYTHING, powerserver={"read_back": "person"}) as clinic:
        first = await denied(clinic, filed=True)
        second = clinic.blume.amend(first)
        report = await clinic.relay()
        assert row_of(clinic, second).state is S.PLANNED
        assert report.waiting_from_before == 1

        clinic.ledger.move(row_of(clinic, first).key, S.DONE_BY_HAND, who="ana", why="it is there")
        clinic.forward(minutes=1)
        await clinic.relay()

        assert row_of(clinic, second).state is S.LANDED
        assert sorted(clinic.task_kinds()) == ["attest-by-hand", "retire-old-version"]


async def test_where_nothing_can_be_read_back_the_refusal_is_believed(tmp_path: Path) -> None:
    """The peer's word is all there is: the next version goes at once."""
    with a_clinic(tmp_path, hl7=EVERYTHING, powerserver={"read_back": "none"}) as clinic:
        first = await denied(clinic, filed=False)
        second = clinic.blume.amend(first)

        await clinic.relay()

        assert row_of(clinic, first).state is S.SUPERSEDED
        assert row_of(clinic, second).state is S.UNVERIFIABLE
