"""Whatever PowerServer does wrong: the effects are right, and no form is there twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.adapters.errors import PeerError, Unavailable
from accord.domain.effects import EffectState, Rung
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
VERIFIED, PARKED, REJECTED = S.VERIFIED, S.PARKED, S.REJECTED
FORMS = 3
IMPATIENT = {"answer_timeout_s": 0.5}
ENHANCED = {"ack_mode": "enhanced"}


@dataclass(frozen=True)
class Fault:
    """What the peer does, and where three forms end after enough runs and time."""

    faults: dict[str, Any]
    ends: dict[EffectState, int] = field(default_factory=lambda: {VERIFIED: FORMS})
    documents: int = FORMS
    """How many of the forms PowerServer holds, before any person acts."""


ALL_WELL = {VERIFIED: FORMS}
ONE_FOR_A_PERSON = {VERIFIED: FORMS - 1, PARKED: 1}
ONE_REFUSED = {VERIFIED: FORMS - 1, REJECTED: 1}

ANSWERS = [
    pytest.param(Fault({"lose_answers": 2}), id="lost"),
    pytest.param(Fault({"late_answers": 1, "late_by_s": 1.0}), id="late"),
    pytest.param(Fault({"foreign_answer": 1}), id="foreign"),
    pytest.param(Fault({"doubled_answer": 1}), id="doubled"),
    pytest.param(Fault({"doubled_answer": True}), id="all-doubled"),
    pytest.param(Fault({"truncated_answer": 1}), id="truncated"),
    pytest.param(Fault({"answer_without_msa": 1}), id="without-MSA"),
    *(
        pytest.param(Fault({"answer_code": code, "answer_code_times": 1}, ONE_REFUSED, 2), id=code)
        for code in ("AE", "AR", "CE", "CR")
    ),
    pytest.param(Fault({"denied_after_filing": 1}), id="filed-and-denied"),
    pytest.param(Fault({"reset_after_receive": 1}), id="reset-after-receive"),
    pytest.param(
        Fault({"reset_before_processing": 1}, ONE_FOR_A_PERSON, 2), id="reset-before-processing"
    ),
]

TOLD = {"lost", "doubled", "AE"}
"""Kinds of answers that enhanced mode treats in ways of its own; the others are a long test."""

IN_ENHANCED_MODE = [
    *(
        pytest.param(*fault.values, id=fault.id, marks=() if fault.id in TOLD else pytest.mark.long)
        for fault in ANSWERS
        if fault.id != "truncated"
    ),
    # the commit acknowledgement is the one cut off here, and then nothing is processed
    pytest.param(Fault({"truncated_answer": 1}, ONE_FOR_A_PERSON, 2), id="truncated"),
]

DOCUMENTS = [
    pytest.param(Fault({"drop_document_silently": 1}, ONE_FOR_A_PERSON, 2), id="dropped"),
    pytest.param(Fault({"retype": 1}, ONE_FOR_A_PERSON), id="filed-under-another-type"),
    pytest.param(Fault({"hide_documents_for_s": 0.5}), id="shown-late"),
]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path, hl7=IMPATIENT) as opened:
        yield opened


async def run(clinic: Clinic, **how: Any) -> None:
    """Run once; a peer's failure fails the run, and nothing else may."""
    with suppress(PeerError):
        await clinic.relay(**{"patience_s": 0.3, **how})


async def run_until_settled(clinic: Clinic, most: int = 5) -> dict[EffectState, int]:
    """Run as the schedule would, with more than any deadline between two runs."""
    for _ in range(most):
        await run(clinic)
        if not clinic.states().keys() - {VERIFIED, PARKED, REJECTED, S.SUPERSEDED}:
            break
        clinic.forward(minutes=31)
    return clinic.states()


def documents_by_form(clinic: Clinic) -> Counter[str]:
    """Count the documents of each form, by the MSH-10 that brought them."""
    return Counter(document.control_id for document in clinic.powerserver.documents)


def a_person_sends_again(clinic: Clinic, *stopped: EffectState) -> None:
    """What on-call does after having looked: `retry-effect`, for everything that stopped."""
    for row in clinic.rows():
        if row.state in (stopped or (PARKED, REJECTED)):
            clinic.ledger.move(row.key, S.PLANNED, who="on-call", why="looked: not there")


async def end_as_expected(clinic: Clinic, fault: Fault) -> None:
    clinic.blume.submit_day(FORMS - 1, 1)
    clinic.powerserver.faults.change(fault.faults)

    assert await run_until_settled(clinic) == fault.ends
    by_form = documents_by_form(clinic)
    assert len(by_form) == fault.documents
    assert set(by_form.values()) == {1}

    clinic.powerserver.faults.change({"retype": 0})
    a_person_sends_again(clinic)
    await run_until_settled(clinic)
    assert set(documents_by_form(clinic).values()) == {1}
    assert len(documents_by_form(clinic)) == FORMS
    assert clinic.states().keys() <= {VERIFIED, S.SUPERSEDED, PARKED}


@pytest.mark.parametrize("fault", [*ANSWERS, *DOCUMENTS])
async def test_each_form_arrives_once(clinic: Clinic, fault: Fault) -> None:
    """
    What arrived is found, what was refused or lost waits for a person, and once that person has
    it sent again every form is there exactly once.
    """
    await end_as_expected(clinic, fault)


@pytest.mark.parametrize("fault", IN_ENHANCED_MODE)
async def test_each_form_arrives_once_in_enhanced_mode(tmp_path: Path, fault: Fault) -> None:
    """The same with a commit acknowledgement before the application's answer."""
    with a_clinic(tmp_path, hl7=IMPATIENT | ENHANCED, enhanced=True) as clinic:
        await end_as_expected(clinic, fault)


async def test_a_commit_acknowledgement_is_not_landed(tmp_path: Path) -> None:
    """Stored is not processed: after CA and no more, the form is in doubt until it is seen."""
    with a_clinic(tmp_path, hl7=IMPATIENT | ENHANCED, enhanced=True) as clinic:
        clinic.blume.submit_day(1, 0)
        clinic.powerserver.faults.reset_after_receive = 1

        await clinic.relay(steps=["deliver"])
        (row,) = clinic.rows()

        assert (row.state, row.reason) == (S.IN_DOUBT, "no-answer")
        assert await run_until_settled(clinic) == {VERIFIED: 1}


@pytest.mark.parametrize("mode", [{}, ENHANCED], ids=["original", "enhanced"])
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"reset_before_processing": 2}, id="reset-before-processing"),
        pytest.param({"lose_answers": 2}, id="lost"),
    ],
)
async def test_what_may_be_repeated_needs_nobody(
    tmp_path: Path, faults: dict[str, Any], mode: dict[str, Any]
) -> None:
    """Where a repeated MSH-10 is known to be filed once, the very same bytes go once more."""
    hl7 = {**IMPATIENT, **mode, "takes_repeats": True}
    enhanced = bool(mode)
    with a_clinic(tmp_path, hl7=hl7, recognises_repeats=True, enhanced=enhanced) as clinic:
        clinic.blume.submit_day(FORMS - 1, 1)
        clinic.powerserver.faults.change(faults)

        assert await run_until_settled(clinic) == ALL_WELL
        assert set(documents_by_form(clinic).values()) == {1}
        repeated = Counter(clinic.powerserver.messages)
        assert len(repeated) == FORMS


async def test_refused_connections_lose_nothing(clinic: Clinic) -> None:
    """Nothing was sent: the run fails, and the first one after it takes all."""
    clinic.blume.submit_day(FORMS - 1, 1)
    clinic.powerserver.faults.refuse_connections = True
    with pytest.raises(Unavailable):
        await clinic.relay()
    assert {row.attempts for row in clinic.rows()} == {0}

    clinic.powerserver.faults.refuse_connections = False

    clinic.forward(minutes=1)
    assert await run_until_settled(clinic) == ALL_WELL
    assert set(documents_by_form(clinic).values()) == {1}


async def test_a_frozen_peer_that_goes_on_files_nothing_twice(clinic: Clinic) -> None:
    """
    PowerServer stands still for longer than any timeout, as after a SIGSTOP. What it had taken in
    is absent twice and parked; later it goes on and files it. A person who sends it again then
    sends nothing: it is found first.
    """
    clinic.blume.submit_day(1, 0)
    await clinic.relay()  # something is known to be there
    clinic.blume.submit_day(FORMS - 2, 1)
    clinic.powerserver.faults.pause = True
    assert await run_until_settled(clinic) == {VERIFIED: 1, PARKED: FORMS - 1}
    assert len(clinic.powerserver.documents) == 1

    clinic.powerserver.faults.pause = False
    await until(lambda: len(clinic.powerserver.documents) == FORMS)
    a_person_sends_again(clinic)
    clinic.forward(minutes=1)

    assert await run_until_settled(clinic) == {VERIFIED: 1, S.SUPERSEDED: FORMS - 1}
    assert {row.reason for row in clinic.rows()} == {"", "already-there"}
    assert set(documents_by_form(clinic).values()) == {1}


async def test_a_document_filed_twice_is_reported(clinic: Clinic) -> None:
    """Both copies stay where they are; one card asks a person to retire one of them."""
    clinic.blume.submit_day(FORMS - 1, 1)
    clinic.powerserver.faults.file_twice = 1

    assert await run_until_settled(clinic) == ALL_WELL
    await run(clinic)

    (twice,) = [key for key, copies in documents_by_form(clinic).items() if copies == 2]
    assert [(t.kind, t.key) for t in clinic.ledger.tasks("lakeside")] == [
        ("duplicate-document", twice)
    ]


@pytest.mark.parametrize("twice", [0, 1], ids=["once", "twice"])
async def test_rewritten_bytes_prove_content_only(clinic: Clinic, twice: int) -> None:
    """The rung tells: the same content in other bytes. A second copy is still seen as one."""
    clinic.blume.submit_day(FORMS - 1, 1)
    clinic.powerserver.faults.change({"alter_bytes": True, "file_twice": twice})

    assert await run_until_settled(clinic) == ALL_WELL
    assert {row.rung for row in clinic.rows()} == {Rung.CONTENT}
    assert clinic.task_kinds() == ["duplicate-document"] * twice


BLIND = [
    pytest.param({"read_back_down": True}, {"read_back_down": False}, id="down"),
    pytest.param(
        {"read_back_slow_s": 1.5}, {"read_back_slow_s": 0.0}, id="slow", marks=pytest.mark.long
    ),
    pytest.param({"half_a_result": True}, {"half_a_result": False}, id="half-a-result"),
]


@pytest.mark.parametrize(("blind", "seeing"), BLIND)
async def test_no_absence_is_taken_as_proof_over_a_bad_path(
    tmp_path: Path, blind: dict[str, Any], seeing: dict[str, Any]
) -> None:
    """
    While PowerServer cannot be read, or not reliably, nothing is concluded: what is in doubt
    stays so however long it lasts, costs no attempt, and one alert is open until it is over.
    """
    with a_clinic(tmp_path, hl7=IMPATIENT, dicom={"timeout_s": 0.8}) as clinic:
        clinic.blume.submit_day(1, 0)
        await clinic.relay()  # something is known to be there
        clinic.blume.submit_day(FORMS - 2, 1)
        clinic.powerserver.faults.change({"lose_answers": 1, "drop_document_silently": 1})

        go_blind = {"verify": lambda: clinic.powerserver.faults.change(blind)}
        await run(clinic, before=go_blind)
        for _ in range(3):
            clinic.forward(hours=2)
            await run(clinic)

        left = {S.IN_DOUBT: 1, S.LANDED: 1, VERIFIED: 1}
        assert clinic.states() == left
        assert [row.attempts for row in clinic.rows()] == [1] * FORMS
        assert [row.absent_at for row in clinic.rows()] == [None] * FORMS
        assert len(clinic.task_kinds()) == 1

        clinic.powerserver.faults.change(seeing)
        clinic.forward(hours=2)
        assert await run_until_settled(clinic) == ONE_FOR_A_PERSON
        assert clinic.task_kinds() == []
        assert set(documents_by_form(clinic).values()) == {1}


@pytest.mark.long
async def test_a_second_outage_opens_a_second_alert(clinic: Clinic) -> None:
    """An alert that was closed says nothing about the next time."""
    clinic.blume.submit_day(1, 0)
    for _ in range(2):
        clinic.powerserver.faults.change({"drop_document_silently": 1})
        go_down = {"verify": lambda: clinic.powerserver.faults.change({"read_back_down": True})}
        await run(clinic, before=go_down)
        assert clinic.task_kinds() == ["read-back-down"]
        clinic.powerserver.faults.read_back_down = False
        clinic.forward(minutes=1)
        clinic.blume.submit_day(1, 0)
        await run(clinic)
        assert "read-back-down" not in clinic.task_kinds()
        clinic.forward(minutes=1)
        clinic.blume.submit_day(1, 0)


async def test_nothing_is_sent_without_having_looked(clinic: Clinic) -> None:
    """If PowerServer cannot be read before sending, the run fails and nothing leaves."""
    clinic.blume.submit_day(FORMS - 1, 1)
    clinic.powerserver.faults.read_back_down = True

    with pytest.raises(PeerError):
        await clinic.relay()

    assert clinic.powerserver.messages_received == 0


async def test_not_visible_yet_is_no_error_until_its_deadline(clinic: Clinic) -> None:
    """Hidden documents are waited for, run after run; at the deadline a person is asked."""
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    clinic.blume.submit_day(FORMS - 2, 1)
    clinic.powerserver.faults.hide_documents_for_s = 3600

    waiting = []
    for _ in range(3):
        report = await clinic.relay(patience_s=0)
        waiting.append((clinic.states(), report.verdict.value))
        clinic.forward(minutes=14)
    await run(clinic)

    assert waiting == [({VERIFIED: 1, S.LANDED: 2}, "Completed")] * 3
    assert clinic.states() == {VERIFIED: 1, PARKED: 2}
    assert {row.reason for row in clinic.rows()} == {"", "not-visible"}


async def test_a_ledger_that_fails_while_sending_is_no_licence_to_send_again(
    clinic: Clinic,
) -> None:
    """The answer came and could not be written down: the lease ends, the form is looked for."""
    clinic.blume.submit_day(FORMS - 1, 1)
    carry_out, left = clinic.ledger.carry_out, [1]

    def failing(steps: Any) -> Any:
        if left[0] == 0:
            raise OSError("disk full")
        left[0] -= 1
        return carry_out(steps)

    clinic.ledger.carry_out = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        await clinic.relay()
    clinic.ledger.carry_out = carry_out  # type: ignore[method-assign]

    clinic.forward(minutes=1)
    assert await run_until_settled(clinic) == ALL_WELL
    assert set(documents_by_form(clinic).values()) == {1}


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what another thread is about to do."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (the peer has threads, not events)
            await asyncio.sleep(0.02)
