"""Messages, and sending them over a link, as the tests of the MLLP client do."""

import pytest

from accord.adapters.errors import PeerError
from accord.adapters.hl7_build import Draft, build
from accord.adapters.mllp_client import MllpLink
from accord.domain.documents import AnswerKind
from accord.domain.wires import Hl7Wire
from tests.adapters.mllp_peers import Turn


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


async def silence(turn: Turn) -> None:
    """Say nothing."""


async def failure(wire: Hl7Wire) -> PeerError:
    link = MllpLink(wire)
    try:
        with pytest.raises(PeerError) as caught:
            await send(link)
        return caught.value
    finally:
        await link.close()
