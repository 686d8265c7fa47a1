"""The message store: private, searchable, kept as long as it must, never served damaged."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from accord.intake import index, retention
from accord.intake.arrivals import Flag, from_microseconds, to_microseconds
from accord.intake.database import StoreUnusable, open_for_writing
from accord.intake.reader import DamagedMessage, IntakeReader
from accord.intake.receiver import Receiver
from accord.intake.service import IntakeService, IntakeSettings
from accord.intake.writer import CannotStore, Writer
from tests.intake.senders import START, Clock, a_message, intake

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "intake.db"


def _read(store: Path) -> bytes:
    return store.read_bytes()


def _write(store: Path, content: bytes) -> None:
    store.write_bytes(content)


async def fill(service: IntakeService, *messages: bytes) -> None:
    receiver = Receiver(service.writer, now=service._now)
    for message in messages:
        await receiver.receive(message, "127.0.0.1")


async def test_only_its_owner_may_read_the_store(store: Path) -> None:
    await asyncio.to_thread(store.touch, 0o644)
    async with intake(store) as service:
        await fill(service, a_message("M1"))
        files = list(store.parent.iterdir())
        assert len(files) == 3
        for path in files:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


async def test_the_store_syncs_every_commit(store: Path) -> None:
    async with intake(store) as service:
        mode, full = await service.writer.run(
            lambda connection: (
                connection.execute("PRAGMA journal_mode").fetchone()[0],
                connection.execute("PRAGMA synchronous").fetchone()[0],
            )
        )
    assert (mode, full) == ("wal", 2)


@pytest.mark.parametrize(
    "content", [pytest.param(b"SECRET" * 1000, id="text"), pytest.param(b"\x00" * 5000, id="zeros")]
)
async def test_a_file_of_another_kind_is_refused_and_left_alone(
    store: Path, content: bytes
) -> None:
    _write(store, content)
    with pytest.raises(StoreUnusable, match=str(store)):
        await Writer(store).start()
    with pytest.raises(StoreUnusable):
        IntakeReader(store)
    assert _read(store) == content


async def test_another_programs_database_is_refused(store: Path) -> None:
    with closing(sqlite3.connect(store)) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreUnusable, match="another program"):
        await Writer(store).start()


async def test_a_newer_accords_store_is_refused(store: Path) -> None:
    with closing(open_for_writing(store)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnusable, match="newer Accord"):
        await Writer(store).start()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="nowhere"):
        await Writer(tmp_path / "nowhere" / "intake.db").start()


def test_there_is_nothing_to_read_before_the_first_start(store: Path) -> None:
    with pytest.raises(StoreUnusable):
        IntakeReader(store)


@pytest.mark.parametrize("wanted", ["P7", "p7", "M2", "ACC9", "ORD5"])
@pytest.mark.parametrize("indexed", [True, False])
async def test_messages_are_traced_by_any_identifier_in_them(
    store: Path, wanted: str, indexed: bool
) -> None:
    """Indexed already or not: what came a moment ago is found too."""
    more = b"ORC|NW|ORD5^RIS\rTXA|1|X|||||||||||||ACC9\r"
    async with intake(store) as service:
        await fill(service, a_message("M1"), a_message("M2", patient="P7") + more, a_message("M3"))
        if indexed:
            await service.tidy()
        with IntakeReader(store) as reader:
            (found,) = reader.trace(wanted)
            assert (found.control_id, found.type, found.flag) == ("M2", "ADT^A08", Flag.NONE)
            assert reader.message(found.id).raw.startswith(a_message("M2", patient="P7"))
            assert reader.trace("P77") == []


async def test_the_index_names_nobody(store: Path) -> None:
    async with intake(store) as service:
        await fill(service, a_message("M1", patient="CANARY-4711"))
        await service.tidy()
    with closing(sqlite3.connect(store)) as database:
        terms = [term for (term,) in database.execute("SELECT term FROM term")]
    assert len(terms) == 2
    assert not any("CANARY" in term or "4711" in term for term in terms)


async def test_old_messages_are_forgotten_and_their_space_returned(store: Path) -> None:
    clock = Clock()
    settings = IntakeSettings(store=store, keep=30 * DAY)
    async with intake(store, clock, settings) as service:
        large = b"NTE|1||" + b"x" * 100_000 + b"\r"
        await fill(service, *(a_message(f"OLD{n}") + large for n in range(100)))
        clock.advance(20 * DAY)
        await fill(service, a_message("NEW"))
        await service.tidy()
        with IntakeReader(store) as reader:
            assert reader.count() == 101
        clock.advance(11 * DAY)
        await service.tidy()
        with IntakeReader(store) as reader:
            assert [message.control_id for message in reader.messages()] == ["NEW"]
            assert reader.trace("OLD1") == []
            assert len(reader.trace("P1")) == 1
    assert _size(store) < 3_000_000


def _size(store: Path) -> int:
    return store.stat().st_size


async def test_what_a_consumer_has_not_processed_stays_however_old(store: Path) -> None:
    clock = Clock()
    settings = IntakeSettings(store=store, keep=DAY, consumers=("mirror",))
    async with intake(store, clock, settings) as service:
        await fill(service, *(a_message(f"M{n}") for n in range(5)))
        clock.advance(400 * DAY)
        await service.tidy()
        with IntakeReader(store) as reader:
            assert reader.count() == 5
        await service.writer.run(lambda c: retention.mark_processed(c, "mirror", 3))
        await service.writer.run(lambda c: retention.mark_processed(c, "mirror", 1))
        assert await service.writer.run(lambda c: retention.processed_up_to(c, "mirror")) == 3
        await service.tidy()
        with IntakeReader(store) as reader:
            assert [message.control_id for message in reader.messages()] == ["M3", "M4"]


async def test_a_consumer_that_ever_marked_counts_though_nobody_names_it(store: Path) -> None:
    clock = Clock()
    async with intake(store, clock) as service:
        await fill(service, a_message("M1"), a_message("M2"))
        await service.tidy()
        await service.writer.run(lambda c: retention.mark_processed(c, "mirror", 1))
        gone = await service.writer.run(lambda c: retention.forget(c, before=START + DAY))
    assert gone == 1


async def test_a_flipped_bit_is_never_served_as_good(store: Path) -> None:
    async with intake(store) as service:
        await fill(service, a_message("M1"), a_message("M2"))
    content = _read(store)
    at = content.index(b"PID|1||P1")
    _write(store, content[:at] + b"X" + content[at + 1 :])

    with IntakeReader(store) as reader:
        (damaged,) = reader.damaged()
        with pytest.raises(DamagedMessage, match=f"message {damaged} "):
            reader.message(damaged)
        with pytest.raises(DamagedMessage):
            reader.messages()
        assert reader.message(3 - damaged).raw


async def test_an_unknown_id_is_a_key_error(store: Path) -> None:
    async with intake(store):
        pass
    with IntakeReader(store) as reader, pytest.raises(KeyError):
        reader.message(1)


async def test_pages_follow_the_order_of_arrival(store: Path) -> None:
    async with intake(store) as service:
        await fill(service, *(a_message(f"M{n}") for n in range(7)))
    with IntakeReader(store) as reader:
        first = reader.messages(most=4)
        second = reader.messages(after=first[-1].id, most=4)
    assert [m.control_id for m in (*first, *second)] == [f"M{n}" for n in range(7)]
    assert first[0].received_at == START
    assert first[0].peer == "127.0.0.1"


async def test_a_closed_store_takes_nothing(store: Path) -> None:
    async with intake(store) as service:
        pass
    with pytest.raises(CannotStore):
        await service.writer.run(index.indexed_up_to)


async def test_stopping_commits_what_waits(store: Path) -> None:
    """Hundreds are under way when the store is told to stop; each is kept and answered."""
    writer = Writer(store)
    await writer.start()
    receiver = Receiver(writer, now=Clock())
    under_way = [
        asyncio.ensure_future(receiver.receive(a_message(f"M{n}"), "p")) for n in range(500)
    ]
    await asyncio.sleep(0)
    await writer.stop()
    answers = await asyncio.gather(*under_way)
    assert all(b"|AA|" in answer for answer in answers)
    with IntakeReader(store) as reader:
        assert reader.count() == 500


def test_times_keep_their_microseconds() -> None:
    at = START + timedelta(microseconds=123456)
    assert from_microseconds(to_microseconds(at)) == at
