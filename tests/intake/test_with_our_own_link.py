"""Our own link against our own intake: both ends of the wire agree, in both modes."""

import asyncio
from pathlib import Path

import pytest

from accord.adapters.errors import Rejected
from accord.adapters.hl7_build import Draft, build, header
from accord.adapters.mllp_client import MllpLink
from accord.domain.documents import AnswerKind
from accord.domain.wires import AckMode, Hl7Wire
from accord.intake.reader import IntakeReader
from accord.intake.service import IntakeSettings
from tests.intake.senders import START, intake


async def nothing() -> None:
    """A `before_send` with nothing to do."""


def a_wire(port: int, mode: AckMode = AckMode.ORIGINAL) -> Hl7Wire:
    return Hl7Wire(host="127.0.0.1", port=port, ack_mode=mode)


def a_document(wire: Hl7Wire, control_id: str, text: str) -> bytes:
    drafts: list[Draft] = [
        header(wire, event=("MDM", "T02"), control_id=control_id, at=START),
        ("PID", {3: ("7", "", "", "SITE"), 5: ("CONCEIÇÃO | FILHO", "JOÃO")}),
        ("OBX", {1: "1", 2: "ED", 5: ("", "AP", "PDF", "Base64", text)}),
    ]
    return build(drafts, charset=wire.character_set)


@pytest.mark.parametrize("mode", list(AckMode))
@pytest.mark.parametrize("size", [0, 65_536, 10_000_000])
async def test_a_document_is_kept_as_it_was_built(tmp_path: Path, mode: AckMode, size: int) -> None:
    store = tmp_path / "intake.db"
    async with intake(store) as service:
        wire = a_wire(service.port, mode)
        message = a_document(wire, "K" * 20, "QUJD" * (size // 4))
        link = MllpLink(wire)
        answer = await link.send(message, control_id="K" * 20, before_send=nothing)
        again = await link.send(message, control_id="K" * 20, before_send=nothing)
        await link.close()

    assert (answer.kind, answer.code) == (AnswerKind.LANDED, "AA")
    assert again == answer
    with IntakeReader(store) as reader:
        (kept,) = reader.messages()
    assert kept.raw == message


async def test_a_document_over_the_limit_is_refused_and_the_link_stays(tmp_path: Path) -> None:
    store = tmp_path / "intake.db"
    settings = IntakeSettings(store=store, limit_bytes=1_000_000)
    async with intake(store, settings=settings) as service:
        wire = a_wire(service.port)
        link = MllpLink(wire)
        with pytest.raises(Rejected) as caught:
            await link.send(
                a_document(wire, "K1", "QUJD" * 300_000), control_id="K1", before_send=nothing
            )
        answer = await link.send(
            a_document(wire, "K2", "QUJD"), control_id="K2", before_send=nothing
        )
        await link.close()

    assert caught.value.code == "AR/207"
    assert answer.code == "AA"


async def test_several_links_at_a_time(tmp_path: Path) -> None:
    store = tmp_path / "intake.db"
    async with intake(store) as service:
        wire = a_wire(service.port)

        async def talk(name: int) -> None:
            link = MllpLink(wire)
            for n in range(20):
                key = f"L{name}N{n}"
                await link.send(a_document(wire, key, "QUJD"), control_id=key, before_send=nothing)
            await link.close()

        await asyncio.gather(*(talk(name) for name in range(10)))
    with IntakeReader(store) as reader:
        assert reader.count() == 200
