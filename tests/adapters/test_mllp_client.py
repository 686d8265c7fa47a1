"""Sending over MLLP: whatever the listener does, a message is never believed landed in vain."""

import asyncio
import pickle
import socket

import pytest

from accord.adapters import mllp_answer
from accord.adapters.errors import (
    Malformed,
    PeerError,
    Phase,
    Rejected,
    Unavailable,
    Uncertain,
)
from accord.adapters.hl7_build import Draft, build
from accord.adapters.mllp_client import MllpLink
from accord.domain.documents import AnswerKind
from accord.domain.wires import Hl7Wire
from tests.adapters.mllp_peers import EB, SB, Script, ScriptedPeer, Turn, scripted


def a_message(control_id: str = "K1", text: str = "") -> bytes:
    drafts: list[Draft] = [
        ("MSH", {9: ("MDM", "T02"), 10: control_id, 12: "2.3.1"}),
        ("OBX", {1: "1", 5: text}),
    ]
    return build(drafts, charset="UNICODE UTF-8")


async def nothing() -> None:
    """A `before_send` with nothing to do."""


async def send(link: MllpLink, control_id: str = "K1", text: str = "") -> str:
    answer = await link.send(
        a_message(control_id, text), control_id=control_id, before_send=nothing
    )
    assert answer.kind is AnswerKind.LANDED
    return answer.code


async def accept(turn: Turn) -> None:
    await turn.answer()


async def failure(wire: Hl7Wire) -> PeerError:
    link = MllpLink(wire)
    try:
        with pytest.raises(PeerError) as caught:
            await send(link)
        return caught.value
    finally:
        await link.close()


async def test_a_message_that_the_application_takes_has_landed() -> None:
    async with scripted(accept) as peer:
        link = MllpLink(peer.wire())
        assert await send(link) == "AA"
        assert await send(link, "K2") == "AA"
        await link.close()

    assert peer.connections == 1
    assert peer.messages == [a_message("K1"), a_message("K2")]


async def test_nothing_leaves_before_before_send_has_returned() -> None:
    """The connection stands, `sent` is committed, then the first byte leaves."""
    seen: list[tuple[int, int]] = []
    async with scripted(accept) as peer:

        async def commit() -> None:
            await asyncio.sleep(0.05)
            seen.append((peer.connections, len(peer.messages)))

        link = MllpLink(peer.wire())
        await link.send(a_message(), control_id="K1", before_send=commit)
        await link.close()

    assert seen == [(1, 0)]


async def test_nothing_leaves_if_before_send_raises() -> None:
    async with scripted(accept) as peer:

        async def too_late() -> None:
            raise TimeoutError("the deadline is over")

        link = MllpLink(peer.wire())
        with pytest.raises(TimeoutError):
            await link.send(a_message(), control_id="K1", before_send=too_late)
        await send(link, "K2")
        await link.close()

    assert peer.messages == [a_message("K2")]


async def test_an_answer_split_at_any_byte_is_the_same_answer() -> None:
    cuts = iter(range(1, 80))

    async def split(turn: Turn) -> None:
        whole, cut = SB + turn.ack() + EB, next(cuts)
        await turn.write(whole[:cut])
        await asyncio.sleep(0.002)
        await turn.write(whole[cut:])

    async with scripted(split) as peer:
        link = MllpLink(peer.wire())
        for _ in range(75):
            assert await send(link) == "AA"
        await link.close()

    assert peer.connections == 1


async def without_final_cr(turn: Turn) -> None:
    await turn.write(SB + turn.ack() + b"\x1c")


async def after_junk(turn: Turn) -> None:
    await turn.write(b"\r\nxx" + SB + turn.ack() + EB)


async def twice(turn: Turn) -> None:
    await turn.write((SB + turn.ack() + EB) * 2)


async def then_hang_up(turn: Turn) -> None:
    await turn.answer()
    await turn.hang_up()


@pytest.mark.parametrize("script", [without_final_cr, after_junk, twice, then_hang_up])
async def test_a_clumsy_but_whole_answer_counts_and_the_next_message_has_its_own(
    script: Script,
) -> None:
    async with scripted(script, script, accept) as peer:
        link = MllpLink(peer.wire())
        for control_id in ("K1", "K2", "K3"):
            assert await send(link, control_id) == "AA"
        await link.close()

    assert peer.messages == [a_message(key) for key in ("K1", "K2", "K3")]


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


async def silence(turn: Turn) -> None:
    """Say nothing."""


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
    ],
)
async def test_a_refusal_carries_codes_and_never_texts(code: str, more: str, expected: str) -> None:
    """A peer may quote the patient in MSA-3 or in ERR; neither is repeated."""
    async with scripted(answers(code, more=more)) as peer:
        error = await failure(peer.wire())

    assert isinstance(error, Rejected)
    assert error.code == expected
    assert "SILVA" not in str(error)
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


async def test_a_kept_connection_that_broke_is_opened_again_once() -> None:
    async with scripted(then_hang_up, accept) as peer:
        link = MllpLink(peer.wire())
        await send(link)
        await asyncio.sleep(0.05)
        calls = 0

        async def count() -> None:
            nonlocal calls
            calls += 1

        await link.send(a_message("K2"), control_id="K2", before_send=count)
        await link.close()

    assert (peer.connections, calls) == (2, 1)


async def test_a_connection_that_breaks_after_sent_was_committed_is_in_doubt() -> None:
    """`sent` cannot be taken back; absence, seen twice, will tell."""
    async with scripted(accept) as peer:
        link = MllpLink(peer.wire())
        await link.connect()

        async def slow_commit() -> None:
            assert link._connection is not None
            link._connection.eof_received()

        with pytest.raises(Uncertain) as caught:
            await link.send(a_message(), control_id="K1", before_send=slow_commit)
        await link.close()

    assert caught.value.phase is Phase.SEND
    assert peer.messages == []


async def test_a_cancelled_send_closes_its_connection() -> None:
    async with scripted(silence, accept) as peer:
        link = MllpLink(peer.wire())
        sending = asyncio.create_task(send(link))
        await peer.heard.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await send(link, "K2") == "AA"
        await link.close()

    assert peer.connections == 2


async def test_one_message_at_a_time_is_in_flight() -> None:
    most = 0
    now = 0

    async def measured(turn: Turn) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        await turn.answer()
        now -= 1

    async with scripted(measured) as peer:
        link = MllpLink(peer.wire())
        await asyncio.gather(*(send(link, f"K{n}") for n in range(8)))
        await link.close()

    assert most == 1


async def test_ten_megabytes_pass() -> None:
    async with scripted(accept) as peer:
        link = MllpLink(peer.wire())
        assert await send(link, text="QUJD" * 2_600_000) == "AA"
        await link.close()

    assert len(peer.messages[0]) > 10_000_000


async def test_a_port_where_nobody_listens_is_unavailable_and_nothing_was_sent() -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else can take the port
        bound.bind(("127.0.0.1", 0))
        error = await failure(Hl7Wire(host="127.0.0.1", port=bound.getsockname()[1]))

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.CONNECT
    assert "hl7.port" in str(error)


async def test_an_unknown_name_is_unavailable_at_resolving() -> None:
    error = await failure(Hl7Wire(host="nobody.invalid", port=2575))

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.RESOLVE


async def test_a_listener_that_closes_each_connection_at_once_is_unavailable() -> None:
    """A proxy whose server is down, an allow-list without us: nothing was sent."""
    async with scripted(accept, hang_up_at_once=True) as peer:
        error = await failure(peer.wire())

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.CONNECT


async def test_a_port_that_speaks_first_is_no_hl7_listener() -> None:
    """Noticed before the first byte leaves, so nothing was processed."""
    async with scripted(accept, greeting=b"SSH-2.0-OpenSSH_9.2\r\n") as peer:
        error = await failure(peer.wire())

    assert isinstance(error, Malformed)
    assert "hl7.port" in str(error)
    assert peer.messages == []


async def test_a_message_under_a_wrong_control_id_is_not_sent() -> None:
    peer = ScriptedPeer([], port=9)
    with pytest.raises(ValueError, match="MSH-10"):
        await MllpLink(peer.wire()).send(a_message(), control_id="K2", before_send=nothing)
