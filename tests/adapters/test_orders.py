"""Patients, orders and appointments as PowerServer is sent them; read with the `hl7` package."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import hl7
import pytest

from accord.adapters.adt import registration
from accord.adapters.hl7_errors import DoesNotFit
from accord.adapters.orm import order_message
from accord.adapters.siu import appointment_message
from accord.domain.identifiers import AccessionNumber, EffectKey, Issuer, PatientNumber, Uid
from accord.domain.orders import OrderControl, Physician, ScheduleEvent, StudyOrder
from accord.domain.people import Patient, PatientId
from accord.domain.wires import Hl7Wire

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
WIRE = Hl7Wire(host="127.0.0.1", port=2575)
NEWER = WIRE.model_copy(update={"version": "2.5.1"})
KEY = EffectKey("ABCDEFGHIJKLMNOPQRST")
AT = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
PATIENT = Patient(
    id=PatientId(number=PatientNumber("ACCORD-TEST"), issuer=Issuer("LAKESIDE")),
    family="TESTE",
    given="ACCORD",
    birth_date=date(1980, 1, 1),
    sex="O",
)


def an_order(**changes: object) -> StudyOrder:
    order = StudyOrder(
        key=KEY,
        patient=PATIENT,
        accession=AccessionNumber("AT26ABCDEFGHIJKL"),
        placer_order="PL1",
        study_uid=Uid("2.25.7"),
        procedure="ACCORD-TEST",
        procedure_name="TESTE ACCORD",
        modality="OT",
        facility="Lakeside Centro",
        referring=Physician(number="CRM-SP 1", family="TESTE", given="ACCORD"),
        start=datetime(2026, 12, 5, 13, 0, tzinfo=UTC),
        minutes=30,
        at=AT,
    )
    return order.model_copy(update=changes)


def field(message: bytes, name: str) -> str:
    segment, number = name.split(".")
    return str(hl7.parse(message.decode()).segment(segment)[int(number)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("MSH.9", "ADT^A04", id="registers"),
        pytest.param("MSH.10", KEY, id="control-id-is-the-effect"),
        pytest.param("EVN.1", "A04", id="event"),
        pytest.param("PID.2", "ACCORD-TEST^^^LAKESIDE", id="number-and-issuer-in-pid-2"),
        pytest.param("PID.3", "ACCORD-TEST^^^LAKESIDE", id="and-in-pid-3"),
        pytest.param("PID.5", "TESTE^ACCORD", id="name"),
        pytest.param("PV1.2", "O", id="outpatient"),
    ],
)
def test_a_patient_is_registered_by_adt(name: str, value: str) -> None:
    assert field(registration(PATIENT, WIRE, SAO_PAULO, key=KEY, at=AT), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("MSH.9", "ORM^O01", id="order"),
        pytest.param("PV1.3", "^^^Lakeside Centro", id="facility"),
        pytest.param("PV1.8", "CRM-SP 1^TESTE^ACCORD", id="who-refers"),
        pytest.param("ORC.1", "NW", id="new"),
        pytest.param("ORC.2", "PL1", id="placer"),
        pytest.param("ORC.3", "AT26ABCDEFGHIJKL", id="filler"),
        pytest.param("ORC.5", "", id="no-status-yet"),
        pytest.param("ORC.7", "^^^20261205100000-0300", id="when-with-its-offset"),
        pytest.param("ORC.12", "CRM-SP 1^TESTE^ACCORD", id="who-orders"),
        pytest.param("OBR.4", "ACCORD-TEST^TESTE ACCORD", id="what"),
        pytest.param("OBR.18", "AT26ABCDEFGHIJKL", id="accession-where-ihe-puts-it"),
        pytest.param("OBR.24", "OT", id="modality"),
        pytest.param("OBR.36", "20261205100000-0300", id="scheduled-time"),
        pytest.param("ZDS.1", "2.25.7^^Application^DICOM", id="study-uid"),
    ],
)
def test_an_order_travels_as_orm(name: str, value: str) -> None:
    assert field(order_message(an_order(), OrderControl.NEW, WIRE, SAO_PAULO), name) == value


@pytest.mark.parametrize(
    ("control", "status"),
    [
        pytest.param(OrderControl.CHANGE, "", id="changed"),
        pytest.param(OrderControl.STATUS, "SC", id="scheduled"),
        pytest.param(OrderControl.CANCEL, "CA", id="cancelled"),
    ],
)
def test_a_change_of_an_order_names_it_and_no_new_study(control: OrderControl, status: str) -> None:
    message = order_message(an_order(), control, WIRE, SAO_PAULO)

    assert (field(message, "ORC.1"), field(message, "ORC.5")) == (control, status)
    assert b"\rZDS" not in message


@pytest.mark.parametrize(
    ("event", "status"),
    [
        pytest.param(ScheduleEvent.BOOKED, "Pending", id="booked-is-not-confirmed"),
        pytest.param(ScheduleEvent.MOVED, "Pending", id="moved"),
        pytest.param(ScheduleEvent.CHANGED, "Booked", id="confirmed"),
        pytest.param(ScheduleEvent.CANCELLED, "Cancelled", id="cancelled"),
    ],
)
def test_an_appointment_travels_as_siu(event: ScheduleEvent, status: str) -> None:
    message = appointment_message(an_order(), event, WIRE, SAO_PAULO)

    assert field(message, "MSH.9") == f"SIU^{event}"
    assert field(message, "SCH.1") == "PL1"
    assert field(message, "SCH.11") == "^^^20261205100000-0300"
    assert (field(message, "SCH.25"), field(message, "AIS.10")) == (status, status)


def test_the_order_is_named_in_an_appointment_only_where_the_version_has_a_field() -> None:
    """SCH has 25 fields in 2.3.1 and 27 from 2.4 on."""
    old, new = (
        appointment_message(an_order(), ScheduleEvent.BOOKED, wire, SAO_PAULO)
        for wire in (WIRE, NEWER)
    )

    assert len(hl7.parse(old.decode()).segment("SCH")) == 26
    assert field(new, "SCH.26") == "PL1"
    assert field(new, "MSH.9") == "SIU^S12^SIU_S12"


def test_a_resend_is_byte_equal_and_nothing_is_cut() -> None:
    one, two = (order_message(an_order(), OrderControl.NEW, WIRE, SAO_PAULO) for _ in range(2))
    assert one == two
    with pytest.raises(DoesNotFit):
        order_message(an_order(placer_order="P" * 23), OrderControl.NEW, WIRE, SAO_PAULO)
