"""Who a message is about, and where they are: segments that MDM, ADT, ORM and SIU share."""

from accord.adapters.hl7_build import Value
from accord.domain.orders import Physician
from accord.domain.people import Patient


def pid(patient: Patient) -> dict[int, Value]:
    """Give the fields of PID; the assigning authority is the issuer (docs/sources.md#ps-hl7)."""
    number = (patient.id.number, "", "", patient.id.issuer)
    birth = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    return {
        1: "1",
        2: number,  # PowerServer reads both PID-2 and PID-3
        3: number,
        5: (patient.family, patient.given, patient.middle),
        7: birth,
        8: patient.sex,
    }


def pv1(*, facility: str = "", referring: Physician | None = None) -> dict[int, Value]:
    """Give the fields of PV1: an outpatient, at an imaging facility (PV1-3.4), referred by whom."""
    fields: dict[int, Value] = {1: "1", 2: "O"}
    if facility:
        fields[3] = ("", "", "", facility)
    if referring is not None:
        fields[8] = xcn(referring)
    return fields


def xcn(physician: Physician) -> Value:
    """Give a person as HL7 XCN: number, family name, given name."""
    return (physician.number, physician.family, physician.given)
