"""What an answer is worth: landed, refused, or in doubt; never another message's."""

import asyncio
import pickle

import pytest

from accord.adapters import mllp_answer
from accord.adapters.errors import (
    Phase,
    Rejected,
    Uncertain,
)
from accord.adapters.mllp_client import MllpLink
from tests.adapters.mllp_peers import EB, SB, Script, Turn, scripted
from tests.adapters.mllp_sending import accept, failure, send, silence


def writes(raw: bytes) -> Script:
    async def script(turn: Turn) -> None:
        await turn.write(raw)

    return script


def answers(code: str, **details: str) -> Script:
    async def script(turn: Turn) -> None:
        await turn.answer(code, **details)

    return script


async def half_then_hang_up(turn: Turn) -> None:
    await turn.write(SB + turn.ack())
    await turn.hang_up()


async def two_msas(turn: Turn) -> None:
    await turn.answer(more="MSA|AA|K1\r")


_NO_MSA = b"MSH|^~\\&|RAMSOFT||ACCORD||20260105||ACK|A1|P|2.3.1\r"

IN_DOUBT = [
    pytest.param(answers("AA", of="K0"), id="answer-to-another-message"),
    pytest.param(answers("AA", of=""), id="no-msa-2"),
    pytest.param(answers("ZZ"), id="unknown-code"),
    pytest.param(answers(""), id="no-code"),
    pytest.param(answers("AE", of="K0"), id="refusal-of-another-message"),
    pytest.param(two_msas, id="two-msas"),
    pytest.param(writes(SB + _NO_MSA + EB), id="no-msa"),
    pytest.param(writes(SB + EB), id="empty"),
    pytest.param(writes(SB + b"<ack><code>AA</code></ack>" + EB), id="xml"),
    pytest.param(half_then_hang_up, id="half-then-closed"),
    pytest.param(lambda turn: turn.hang_up(), id="closed"),
    pytest.param(lambda turn: turn.reset(), id="reset"),
]


@pytest.mark.parametrize("script", IN_DOUBT)
async def test_without_a_whole_answer_of_its_own_a_message_is_in_doubt(script: Script) -> None:
    """Something took the bytes: neither landed nor lost may be concluded (anchors M3, M8)."""
    async with scripted(script) as peer:
        error = await failure(peer.wire())

    assert isinstance(error, Uncertain)
    assert error.code == ""


@pytest.mark.parametrize("script", IN_DOUBT)
async def test_after_a_doubt_the_next_message_goes_over_a_new_connection(script: Script) -> None:
    async with scripted(script, accept) as peer:
        link = MllpLink(peer.wire())
        with pytest.raises(Uncertain):
            await send(link)
        assert await send(link, "K2") == "AA"
        await link.close()

    assert peer.connections == 2


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silence, id="silence"),
        pytest.param(writes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), id="http-that-stays-open"),
        pytest.param(writes(SB + _NO_MSA), id="answer-without-an-end"),
    ],
)
async def test_no_answer_in_time_is_in_doubt(script: Script) -> None:
    async with scripted(script) as peer:
        error = await failure(peer.wire(answer_timeout_s=0.2))

    assert isinstance(error, Uncertain)
    assert "within 0.2 s" in str(error)


async def test_a_late_answer_is_not_credited_to_the_next_message() -> None:
    """The socket is closed after a timeout (anchors M2)."""
    late = asyncio.Event()

    async def answer_late(turn: Turn) -> None:
        await late.wait()
        await turn.answer()

    async with scripted(answer_late, silence) as peer:
        link = MllpLink(peer.wire(answer_timeout_s=0.2))
        with pytest.raises(Uncertain):
            await send(link, "K1")
        late.set()
        await asyncio.sleep(0.05)
        with pytest.raises(Uncertain):
            await send(link, "K2")
        await link.close()


async def test_without_the_check_of_msa_2_a_foreign_answer_would_be_credited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The guard removed: the very answer that must not count does count."""
    monkeypatch.setattr(mllp_answer, "belongs", lambda _msa, _control_id: True)
    async with scripted(answers("AA", of="K0")) as peer:
        link = MllpLink(peer.wire())
        assert await send(link) == "AA"
        await link.close()


async def test_an_answer_that_came_unasked_meets_nobody() -> None:
    """A doubled answer waits on the kept connection: it is left, and a new one opened."""

    async def twice_with_a_pause(turn: Turn) -> None:
        await turn.answer()
        await asyncio.sleep(0.02)
        await turn.answer()

    async with scripted(twice_with_a_pause, accept) as peer:
        link = MllpLink(peer.wire())
        await send(link)
        await asyncio.sleep(0.1)
        assert await send(link, "K2") == "AA"
        await link.close()

    assert peer.connections == 2


@pytest.mark.parametrize(
    ("code", "more", "expected"),
    [
        ("AE", "", "AE"),
        ("AR", "ERR|^^^207&Application internal error\r", "AR/207"),
        ("AE", "ERR||PID^1^3|204^Unknown key identifier^HL70357|E\r", "AE/204"),
        ("CE", "", "CE"),
        ("CR", "ERR|||103|E\r", "CR/103"),
        ("AR", "ERR|||SILVA JOAO 1234567|E\r", "AR/other"),
        ("AE", "ERR|||4711|E\r", "AE/other"),
        ("AE", "ERR|^^^4711\r", "AE/other"),
        ("AE", "ERR|||A4711|E\r", "AE/other"),
    ],
)
async def test_a_refusal_carries_codes_and_never_texts(code: str, more: str, expected: str) -> None:
    """A peer may quote the patient in MSA-3 or in ERR; neither is repeated."""
    async with scripted(answers(code, more=more)) as peer:
        error = await failure(peer.wire())

    assert isinstance(error, Rejected)
    assert error.code == expected
    assert "SILVA" not in str(error)
    assert "4711" not in str(error)
    assert error.phase is (Phase.PROCESS if code.startswith("A") else Phase.ACCEPT)
    assert pickle.loads(pickle.dumps(error)).code == expected


async def test_a_refusal_leaves_the_link_standing() -> None:
    async with scripted(answers("AE"), accept) as peer:
        link = MllpLink(peer.wire())
        with pytest.raises(Rejected):
            await send(link)
        await send(link, "K2")
        await link.close()

    assert peer.connections == 1


async def test_in_enhanced_mode_only_the_applications_answer_is_landed() -> None:
    async def both(turn: Turn) -> None:
        await turn.answer("CA")
        await asyncio.sleep(0.02)
        await turn.answer("AA")

    async with scripted(both) as peer:
        link = MllpLink(peer.enhanced())
        assert await send(link) == "AA"
        await link.close()


@pytest.mark.parametrize("mode", ["wire", "enhanced"])
async def test_a_commit_acknowledgement_alone_is_in_doubt_with_its_code(mode: str) -> None:
    async with scripted(answers("CA")) as peer:
        error = await failure(getattr(peer, mode)(answer_timeout_s=0.2))

    assert isinstance(error, Uncertain)
    assert error.code == "CA"


async def test_a_peer_that_restarts_between_its_two_answers_leaves_both_legs_told() -> None:
    async def half(turn: Turn) -> None:
        await turn.answer("CA")
        await turn.hang_up()

    async with scripted(half) as peer:
        error = await failure(peer.enhanced())

    assert isinstance(error, Uncertain)
    assert error.code == "CA"


async def test_an_application_may_refuse_what_was_committed() -> None:
    async def both(turn: Turn) -> None:
        await turn.answer("CA")
        await turn.answer("AE")

    async with scripted(both) as peer:
        error = await failure(peer.enhanced())

    assert isinstance(error, Rejected)
