"""Receiving over MLLP: everything is answered, in order, whoever else is slow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from accord.adapters.mllp import Deframer, Frame, frame
from accord.adapters.mllp_listener import MllpListener

EB = b"\x1c\r"
HEAD = b"MSH|^~\\&|A|B|C|D|20260105||ADT^A04|"


def a_message(control_id: str, size: int = 0) -> bytes:
    return (HEAD + control_id.encode() + b"|P|2.3.1\rPID|1|").ljust(size, b"x")


def id_of(message: bytes) -> bytes:
    return message.split(b"|", 10)[9]


async def echo(raw: bytes, _peer: str) -> bytes:
    return frame(b"AA " + id_of(raw))


def refusal(head: bytes, never: bool) -> bytes:
    return (b"AR " if never else b"AE ") + id_of(head)


@asynccontextmanager
async def listening(
    receive: Callable[[bytes, str], Awaitable[bytes]] = echo,
    *,
    limit_bytes: int = 1 << 24,
    silence_s: float = 60,
) -> AsyncIterator[MllpListener]:
    listener = MllpListener(
        "127.0.0.1", 0, receive, refuse=refusal, limit_bytes=limit_bytes, silence_s=silence_s
    )
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace_s=2)


class Sender:
    """A raw sender with a deframer for what comes back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._deframer, self._answers = Deframer(1 << 20), list[bytes]()

    async def write(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self) -> bytes | None:
        while not self._answers:
            chunk = await self.reader.read(65536)
            if not chunk:
                return None
            self._answers += [e.content for e in self._deframer.feed(chunk) if isinstance(e, Frame)]
        return self._answers.pop(0)


@asynccontextmanager
async def sender(listener: MllpListener) -> AsyncIterator[Sender]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Sender(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_messages_in_one_write_are_all_answered_in_order() -> None:
    async with listening() as listener, sender(listener) as peer:
        await peer.write(b"".join(frame(a_message(f"M{n}")) for n in range(500)))
        answers = [await peer.answer() for _ in range(500)]

    assert answers == [f"AA M{n}".encode() for n in range(500)]


async def test_answers_keep_the_order_when_a_later_message_is_faster() -> None:
    async def slow_first(raw: bytes, _peer: str) -> bytes:
        await asyncio.sleep(0.1 if id_of(raw) == b"M0" else 0)
        return frame(b"AA " + id_of(raw))

    async with listening(slow_first) as listener, sender(listener) as peer:
        await peer.write(b"".join(frame(a_message(f"M{n}")) for n in range(4)))
        assert [await peer.answer() for _ in range(4)] == [b"AA M0", b"AA M1", b"AA M2", b"AA M3"]


async def test_a_message_in_single_bytes_is_answered_once() -> None:
    async with listening() as listener, sender(listener) as peer:
        for byte in frame(a_message("M1")):
            await peer.write(bytes([byte]))
        await peer.write(frame(a_message("M2")))
        assert [await peer.answer(), await peer.answer()] == [b"AA M1", b"AA M2"]


async def test_a_missing_final_cr_does_not_keep_the_sender_waiting() -> None:
    async with listening() as listener, sender(listener) as peer:
        await peer.write(b"\x0b" + a_message("M1") + b"\x1c")
        assert await peer.answer() == b"AA M1"


@pytest.mark.parametrize("size", [65535, 65536, 65537, 10_000_000])
async def test_large_messages_arrive_whole(size: int) -> None:
    sizes = []

    async def measure(raw: bytes, _peer: str) -> bytes:
        sizes.append(len(raw))
        return frame(b"AA " + id_of(raw))

    async with listening(measure, limit_bytes=10_000_000) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("M1", size)))
        assert await peer.answer() == b"AA M1"

    assert sizes == [size]


async def test_a_message_over_the_limit_is_answered_ar_and_the_connection_stays() -> None:
    async with listening(limit_bytes=10_000) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("BIG", 10_001)) + frame(a_message("M2")))
        assert [await peer.answer(), await peer.answer()] == [b"AR BIG", b"AA M2"]


async def test_a_sender_that_falls_silent_inside_a_message_is_refused_and_may_go_on() -> None:
    async with listening(silence_s=0.1) as listener, sender(listener) as peer:
        await peer.write(b"\x0b" + a_message("M1"))
        assert await peer.answer() == b"AR M1"
        await peer.write(frame(a_message("M2")))
        assert await peer.answer() == b"AA M2"


async def test_a_slow_sender_is_not_silent() -> None:
    """Each byte starts the wait anew."""
    async with listening(silence_s=0.15) as listener, sender(listener) as peer:
        for byte in frame(a_message("M1"))[:20]:
            await peer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        await peer.write(frame(a_message("M1"))[20:])
        assert await peer.answer() == b"AA M1"


async def test_slow_senders_do_not_disturb_others() -> None:
    """Two hundred half messages hang in the air; one lock-step sender goes through (M10)."""
    async with listening() as listener:
        connections = [
            await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(200)
        ]
        for _, writer in connections:
            writer.write(b"\x0b" + HEAD)
        async with sender(listener) as peer:
            for n in range(50):
                await peer.write(frame(a_message(f"M{n}")))
                assert await peer.answer() == f"AA M{n}".encode()
        for _, writer in connections:
            writer.close()
            await writer.wait_closed()


async def test_a_sender_that_reads_no_answers_is_not_read_either() -> None:
    """Memory stays bounded: the listener stops reading, TCP tells the sender to wait."""
    received = 0

    async def count(raw: bytes, _peer: str) -> bytes:
        nonlocal received
        received += 1
        return frame(b"AA " * 20_000)

    async with listening(count) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
        try:
            writer.write(frame(a_message("M")) * 5000)
            await asyncio.sleep(0.5)
            assert 0 < received < 1000
        finally:
            writer.transport.abort()


async def test_a_reception_that_fails_is_answered_ae_and_logged_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(raw: bytes, _peer: str) -> bytes:
        raise RuntimeError("PATIENT-NAME")

    async with listening(broken) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("M1")))
        assert await peer.answer() == b"AE M1"

    assert "RuntimeError" in caplog.text
    assert "PATIENT-NAME" not in caplog.text


async def test_a_half_closed_sender_still_gets_its_answers() -> None:
    async def slow(raw: bytes, _peer: str) -> bytes:
        await asyncio.sleep(0.05)
        return frame(b"AA " + id_of(raw))

    async with listening(slow) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("M1")) + b"\x0b" + a_message("M2") + b"\x1c")
        peer.writer.write_eof()
        assert [await peer.answer(), await peer.answer()] == [b"AA M1", b"AA M2"]
        assert await peer.answer() is None


async def test_stopping_answers_what_was_taken() -> None:
    begun = asyncio.Event()

    async def slow(raw: bytes, _peer: str) -> bytes:
        begun.set()
        await asyncio.sleep(0.2)
        return frame(b"AA " + id_of(raw))

    async with listening(slow) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("M1")))
        await begun.wait()
        await listener.stop()
        assert await peer.answer() == b"AA M1"
        assert await peer.answer() is None


async def test_stopping_does_not_wait_for_ever() -> None:
    begun = asyncio.Event()

    async def stuck(raw: bytes, _peer: str) -> bytes:
        begun.set()
        await asyncio.sleep(3600)
        return b""

    async with listening(stuck) as listener, sender(listener) as peer:
        await peer.write(frame(a_message("M1")))
        await begun.wait()
        await listener.stop(grace_s=0.1)
        with suppress(ConnectionError):
            assert await peer.answer() is None


async def test_a_sender_that_resets_leaves_the_others_alone() -> None:
    async with listening() as listener, sender(listener) as peer:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(frame(a_message("M0")) + b"\x0bMSH")
        writer.transport.abort()
        await peer.write(frame(a_message("M1")))
        assert await peer.answer() == b"AA M1"
