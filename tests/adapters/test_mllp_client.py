"""Sending over MLLP: whatever the listener does, a message is never believed landed in vain."""

import asyncio
import socket

import pytest

from accord.adapters.errors import (
    Malformed,
    Phase,
    Unavailable,
    Uncertain,
)
from accord.adapters.mllp_client import MllpLink
from accord.domain.wires import Hl7Wire
from tests.adapters.mllp_peers import EB, SB, Script, ScriptedPeer, Turn, scripted
from tests.adapters.mllp_sending import a_message, accept, failure, nothing, send, silence


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
