"""What a sender is answered, over a real socket (domain.md 5.14)."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from accord.intake.arrivals import Flag
from accord.intake.reader import IntakeReader
from accord.intake.service import IntakeService, IntakeSettings
from tests.intake.senders import Sender, a_message, code_of, intake


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "intake.db"


@pytest.fixture
async def service(store: Path) -> AsyncIterator[IntakeService]:
    async with intake(store) as running:
        yield running


async def send(service: IntakeService, *messages: bytes) -> list[bytes]:
    def talk() -> list[bytes]:
        with Sender(service.port) as sender:
            return [sender.send(message) for message in messages]

    return await asyncio.to_thread(talk)


def kept(store: Path) -> list[tuple[bytes, Flag]]:
    with IntakeReader(store) as reader:
        return [(message.raw, message.flag) for message in reader.messages()]


async def test_a_message_is_stored_byte_for_byte_and_answered_aa(
    service: IntakeService, store: Path
) -> None:
    message = a_message("M1") + b"OBX|1|TX|||\xe9\x0b\x1c\x00|\r"
    (answer,) = await send(service, message)

    assert code_of(answer) == "AA"
    assert b"\rMSA|AA|M1\r" in answer
    assert kept(store) == [(message, Flag.NONE)]


async def test_the_same_message_again_gets_the_answer_it_got_and_is_not_kept_twice(
    service: IntakeService, store: Path
) -> None:
    first, second, other, third = await send(
        service, a_message("M1"), a_message("M1"), a_message("M2"), a_message("M1")
    )

    assert first == second == third != other
    assert [raw for raw, _ in kept(store)] == [a_message("M1"), a_message("M2")]


async def test_a_control_id_with_other_bytes_is_kept_answered_aa_and_flagged(
    service: IntakeService, store: Path
) -> None:
    """Repair and resend, or a counter that began again: an observer never blocks the sender."""
    answers = await send(service, a_message("M1"), a_message("M1", patient="P2"))

    assert [code_of(answer) for answer in answers] == ["AA", "AA"]
    assert [flag for _, flag in kept(store)] == [Flag.NONE, Flag.REUSED_CONTROL_ID]


async def test_another_senders_counter_is_no_reuse(service: IntakeService, store: Path) -> None:
    await send(service, a_message("M1"), a_message("M1").replace(b"|RIS|", b"|LAB|"))

    assert [flag for _, flag in kept(store)] == [Flag.NONE, Flag.NONE]


async def test_a_message_without_control_id_is_kept_and_flagged_once(
    service: IntakeService, store: Path
) -> None:
    answers = await send(service, a_message(""), a_message(""), a_message("", patient="P2"))

    assert [code_of(answer) for answer in answers] == ["AA"] * 3
    assert [flag for _, flag in kept(store)] == [Flag.NO_CONTROL_ID] * 2


@pytest.mark.parametrize("content", [b"", b"<ack/>", b"GET / HTTP/1.1", b"PID|1"])
async def test_what_is_not_hl7_is_answered_ar_and_not_kept(
    service: IntakeService, store: Path, content: bytes
) -> None:
    answers = await send(service, content, a_message("M1"))

    assert [code_of(answer) for answer in answers] == ["AR", "AA"]
    assert len(kept(store)) == 1


async def test_a_message_over_the_limit_is_answered_ar_with_its_control_id(store: Path) -> None:
    settings = IntakeSettings(store=store, limit_bytes=100_000)
    async with intake(store, settings=settings) as service:
        large = a_message("BIG").ljust(100_001, b"x")
        refused, taken = await send(service, large, a_message("M1"))

    assert b"\rMSA|AR|BIG\r" in refused
    assert code_of(taken) == "AA"
    assert len(kept(store)) == 1


@pytest.mark.parametrize(
    ("modes", "codes"),
    [("|||AL|NE", ["CA"]), ("|||AL|AL", ["CA", "AA"]), ("|||NE|AL", ["AA"])],
)
async def test_enhanced_mode_is_answered_as_the_sender_asks(
    service: IntakeService, store: Path, modes: str, codes: list[str]
) -> None:
    (answer,) = await send(service, a_message("M1", more=modes))
    found = [part[:2].decode() for part in answer.split(b"\rMSA|")[1:]]

    assert found == codes
    assert len(kept(store)) == 1


async def test_ten_megabytes_are_kept_whole(service: IntakeService, store: Path) -> None:
    message = a_message("M1") + b"OBX|1|ED|||" + b"QUJD" * 2_500_000 + b"\r"
    (answer,) = await send(service, message)

    assert code_of(answer) == "AA"
    assert kept(store)[0][0] == message


async def test_a_locked_store_is_answered_ae_and_recovers(
    service: IntakeService, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else holds the database; the sender keeps its message and tries again."""
    monkeypatch.setattr("accord.intake.database._BUSY_TIMEOUT_S", 0.1)
    await service.writer.run(lambda connection: connection.execute("PRAGMA busy_timeout = 100"))
    with closing(sqlite3.connect(store, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        (during,) = await send(service, a_message("M1"))
        intruder.execute("ROLLBACK")
    (after,) = await send(service, a_message("M1"))

    assert (code_of(during), code_of(after)) == ("AE", "AA")
    assert len(kept(store)) == 1


async def test_a_full_disk_is_answered_ae_and_recovers_when_there_is_room(
    service: IntakeService, store: Path
) -> None:
    """A file size limit stands for the full disk: the kernel refuses the write all the same."""
    await send(service, a_message("M0"))
    large = a_message("M1") + b"NTE|1||" + b"x" * 9_000_000 + b"\r"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, hard))
    try:
        during = await send(service, large, a_message("M2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (after,) = await send(service, large)

    assert code_of(during[0]) == "AE"
    assert code_of(after) == "AA"
    taken = {a_message("M0"), large} | ({a_message("M2")} if code_of(during[1]) == "AA" else set())
    assert {raw for raw, _ in kept(store)} == taken


async def test_too_long_a_backlog_is_answered_ae(
    service: IntakeService, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.intake.writer.BACKLOG_ROWS", 0)
    (refused,) = await send(service, a_message("M1"))
    monkeypatch.undo()
    (taken,) = await send(service, a_message("M1"))

    assert (code_of(refused), code_of(taken)) == ("AE", "AA")


async def test_no_answer_leaves_before_the_commit(service: IntakeService, store: Path) -> None:
    """While another connection holds the write lock nothing is answered; then all is."""
    with closing(sqlite3.connect(store, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        sending = asyncio.create_task(send(service, a_message("M1")))
        await asyncio.sleep(0.3)
        assert not sending.done()
        intruder.execute("ROLLBACK")
        (answer,) = await sending

    assert code_of(answer) == "AA"


async def test_many_senders_share_commits_and_each_gets_its_own_answer(
    service: IntakeService, store: Path
) -> None:
    def talk(name: int) -> list[bytes]:
        with Sender(service.port) as sender:
            return [sender.send(a_message(f"S{name}N{n}")) for n in range(50)]

    everyone = await asyncio.gather(*(asyncio.to_thread(talk, name) for name in range(8)))

    for name, answers in enumerate(everyone):
        for n, answer in enumerate(answers):
            assert f"\rMSA|AA|S{name}N{n}\r".encode() in answer
    assert len(kept(store)) == 400


async def test_one_senders_messages_are_kept_in_the_order_they_came(
    service: IntakeService, store: Path
) -> None:
    def pour() -> None:
        with Sender(service.port) as sender:
            for n in range(300):
                sender.write(a_message(f"M{n:03}"))
            heard = b""
            while heard.count(b"\x1c\r") < 300:
                heard += sender._peer.recv(65536)

    await asyncio.to_thread(pour)

    assert [raw for raw, _ in kept(store)] == [a_message(f"M{n:03}") for n in range(300)]


async def test_without_the_reuse_check_nothing_would_be_flagged(
    service: IntakeService, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard removed: another patient's message under a used id passes unnoticed."""
    monkeypatch.setattr("accord.intake.writer._flag", lambda _connection, _arrival: Flag.NONE)
    await send(service, a_message("M1"), a_message("M1", patient="P2"))

    assert [flag for _, flag in kept(store)] == [Flag.NONE, Flag.NONE]
