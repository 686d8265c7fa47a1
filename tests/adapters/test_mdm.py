"""What PowerServer is sent: read back with the `hl7` package, which is not ours."""

import base64
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import hl7
import pytest

from accord.adapters.hl7_errors import DoesNotFit, Unencodable
from accord.adapters.mdm import NotAccepted, wrap
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import AccessionNumber, Digest, EffectKey, Issuer, PatientNumber
from accord.domain.people import Patient, PatientId
from accord.domain.wires import AckMode, Hl7Wire

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
KEY, PARENT = EffectKey("ABCDEFGHIJKLMNOPQRST"), EffectKey("TSRQPONMLKJIHGFEDCBA")
WIRE = Hl7Wire(host="127.0.0.1", port=2575)
PDF = b"%PDF-1.7 \x00\xff made up"


def an_order(**changes: object) -> DocumentOrder:
    order = DocumentOrder(
        key=KEY,
        intent=Intent.FILE_DOCUMENT,
        patient=Patient(
            id=PatientId(number=PatientNumber("MRN-1"), issuer=Issuer("LAKESIDE")),
            family="Conceição",
            given="João",
            birth_date=date(1980, 2, 29),
            sex="M",
        ),
        section=Section.DOCUMENTS,
        kind=FormKind.CLINICAL,
        document_type="CLINICAL",
        title="Clínico, 20/11/26 14:05",
        accession=AccessionNumber("A26110001"),
        placer_order="P1",
        at=datetime(2026, 11, 20, 17, 6, tzinfo=UTC),
        submitted_at=datetime(2026, 11, 20, 17, 5, tzinfo=UTC),
        content=PDF,
        digest=Digest("0" * 64),
    )
    return order.model_copy(update=changes)


def sent(order: DocumentOrder, wire: Hl7Wire = WIRE) -> hl7.Message:
    head, tail = wrap(order, wire, SAO_PAULO)
    body = head + base64.b64encode(order.content) + tail if tail else head
    return hl7.parse(body.decode("utf-8"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("MSH.F9", "MDM^T02", id="event"),
        pytest.param("MSH.F10", KEY, id="control-id-is-the-effect"),
        pytest.param("MSH.F12", "2.3.1", id="version"),
        pytest.param("MSH.F18", "UNICODE UTF-8", id="character-set"),
        pytest.param("MSH.F7", "20261120140600-0300", id="time-of-the-effect-with-its-offset"),
        pytest.param("PID.F2", "MRN-1^^^LAKESIDE", id="number-and-issuer-in-pid-2"),
        pytest.param("PID.F3", "MRN-1^^^LAKESIDE", id="and-in-pid-3"),
        pytest.param("PID.F5", "Conceição^João", id="name"),
        pytest.param("PID.F7", "19800229", id="birth-date"),
        pytest.param("TXA.F2", "CLINICAL", id="document-type"),
        pytest.param("TXA.F4", "20261120140500-0300", id="when-the-patient-submitted"),
        pytest.param("TXA.F12", KEY, id="unique-number-is-the-effect"),
        pytest.param("TXA.F14", "P1", id="placer-order"),
        pytest.param("TXA.F15", "A26110001", id="accession-in-the-filler-order"),
        pytest.param("TXA.F17", "DO", id="documented-never-authenticated"),
        pytest.param("OBX.F2", "ED", id="encapsulated"),
        pytest.param("OBX.F3", "PDF^Clínico, 20/11/26 14:05", id="title"),
        pytest.param("OBX.F11", "F", id="final"),
    ],
)
def test_a_form_travels_as_mdm_t02(field: str, value: str) -> None:
    segment, number = field.split(".F")

    assert str(sent(an_order()).segment(segment)[int(number)]) == value


def test_the_document_arrives_byte_for_byte() -> None:
    parts = str(sent(an_order()).segment("OBX")[5]).split("^")

    assert parts[:4] == ["", "AP", "PDF", "Base64"]
    assert base64.b64decode(parts[4]) == PDF


def test_a_resend_is_byte_equal() -> None:
    """Nothing in the message comes from when or where it was built."""
    assert wrap(an_order(), WIRE, SAO_PAULO) == wrap(an_order(), WIRE, SAO_PAULO)


@pytest.mark.parametrize(
    ("intent", "accepts", "event", "parent"),
    [
        pytest.param(Intent.REPLACE_DOCUMENT, {"T02", "T10"}, "T10", PARENT, id="replacement"),
        pytest.param(Intent.REPLACE_DOCUMENT, {"T02"}, "T02", "", id="or-a-second-document"),
        pytest.param(Intent.WITHDRAW_DOCUMENT, {"T02", "T11"}, "T11", PARENT, id="withdrawal"),
    ],
)
def test_what_follows_an_earlier_version(
    intent: Intent, accepts: set[str], event: str, parent: str
) -> None:
    wire = WIRE.model_copy(update={"accepts": frozenset(accepts)})
    message = sent(an_order(intent=intent, parent_key=PARENT), wire)

    assert str(message.segment("MSH")[9]) == f"MDM^{event}"
    assert str(message.segment("TXA")[13]) == parent


def test_a_withdrawal_that_the_site_does_not_take_is_for_a_person() -> None:
    with pytest.raises(NotAccepted, match=r"MDM\^T11 is not in `hl7.accepts`"):
        wrap(an_order(intent=Intent.WITHDRAW_DOCUMENT, parent_key=PARENT), WIRE, SAO_PAULO)


def test_only_what_we_filed_can_be_withdrawn() -> None:
    """Without a number of ours to name, a withdrawal must not turn into a new document."""
    takes_all = WIRE.model_copy(update={"accepts": frozenset({"T02", "T10", "T11"})})

    with pytest.raises(NotAccepted, match="under which we filed"):
        wrap(an_order(intent=Intent.WITHDRAW_DOCUMENT), takes_all, SAO_PAULO)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"accession": "A" * 17}, DoesNotFit, id="accession-over-16"),
        pytest.param({"title": "t" * 90}, DoesNotFit, id="title-over-its-field"),
    ],
)
def test_what_does_not_fit_is_never_cut(changes: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        wrap(an_order(**changes), WIRE, SAO_PAULO)


def test_what_the_character_set_cannot_carry_is_never_replaced() -> None:
    wire = WIRE.model_copy(update={"character_set": "ASCII"})

    with pytest.raises(Unencodable, match=r"OBX-3|PID-5"):
        wrap(an_order(), wire, SAO_PAULO)


def test_enhanced_mode_asks_for_both_acknowledgements() -> None:
    message = sent(an_order(), WIRE.model_copy(update={"ack_mode": AckMode.ENHANCED}))

    assert (str(message.segment("MSH")[15]), str(message.segment("MSH")[16])) == ("AL", "AL")
