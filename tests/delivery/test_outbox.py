"""The outbox: what waits, what is kept to the byte, and who may read it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.delivery.outbox import Outbox
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import Digest, EffectKey, Issuer, PatientNumber
from accord.domain.people import Patient, PatientId

ONE, TWO = EffectKey("A" * 20), EffectKey("B" * 20)
AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


def an_order(key: EffectKey, content: bytes = b"%PDF \x00 one") -> DocumentOrder:
    return DocumentOrder(
        key=key,
        intent=Intent.FILE_DOCUMENT,
        patient=Patient(
            id=PatientId(number=PatientNumber("L-1"), issuer=Issuer("LAKESIDE")),
            family="Conceição",
            given="Ana",
        ),
        section=Section.PATIENT_DOCS,
        document_type="PATIENT REGISTRATION FORM",
        title="Cadastro",
        kind=FormKind.REGISTRATION,
        at=AT,
        submitted_at=AT,
        content=content,
        digest=Digest("0" * 64),
    )


def test_what_waits_is_given_back_whole(outbox: Outbox) -> None:
    outbox.put([("main", an_order(ONE)), ("other", an_order(TWO))])

    assert outbox.orders([ONE, TWO]) == {
        ONE: ("main", an_order(ONE)),
        TWO: ("other", an_order(TWO)),
    }
    assert outbox.orders([ONE], contents=False)[ONE][1] == an_order(ONE, b"")
    assert outbox.content(ONE) == an_order(ONE).content
    assert outbox.keys() == [ONE, TWO]


def test_the_first_one_prepared_stays(outbox: Outbox) -> None:
    """What may have been sent is not exchanged under its number."""
    outbox.put([("main", an_order(ONE))])
    outbox.put([("main", an_order(ONE, b"%PDF other"))])

    assert outbox.content(ONE) == an_order(ONE).content


def test_a_resend_is_wrapped_as_the_first_time(outbox: Outbox) -> None:
    """Settings may change between two sends; the bytes under one number do not."""
    outbox.put([("main", an_order(ONE)), ("main", an_order(TWO))])
    first = {ONE: (b"head", b"tail"), TWO: (b"head", b"tail")}
    later = {ONE: (b"HEAD", b"TAIL"), TWO: (b"HEAD", b"TAIL")}
    assert outbox.wrappings(first, unsent=[ONE, TWO]) == first

    assert outbox.wrappings(later, unsent=[TWO]) == {ONE: first[ONE], TWO: later[TWO]}


def test_what_goes_without_a_message_keeps_none(outbox: Outbox) -> None:
    """Sent by C-STORE first and by MDM later: the message is built when it is needed."""
    outbox.put([("main", an_order(ONE))])
    assert outbox.wrappings({ONE: (b"", b"")}) == {ONE: (b"", b"")}

    assert outbox.wrappings({ONE: (b"head", b"tail")}) == {ONE: (b"head", b"tail")}


def test_what_is_forgotten_is_gone_from_the_disk(tmp_path: Path) -> None:
    """Only the owner reads it, and what is over is overwritten."""
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.put([("main", an_order(ONE, b"%PDF a secret that nobody else may read" * 200))])
    assert (tmp_path / "outbox.db").stat().st_mode & 0o077 == 0

    outbox.forget([ONE])

    assert outbox.waiting() == 0
    assert all(b"a secret" not in part.read_bytes() for part in tmp_path.glob("outbox.db"))
