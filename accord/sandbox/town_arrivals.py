"""Patients and orders that OmegaAI knows and PowerServer has yet to meet."""

from datetime import datetime
from typing import Any

from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.world import Setting

Resource = dict[str, Any]


def introduce_arrivals(
    omegaai: OmegaAISim, powerserver: PowerServerSim, setting: Setting, now: datetime
) -> int:
    """
    Tell PowerServer of every order whose patient and accession number it does not hold yet.

    In a real clinic ADT and ORM do this; what has no number under the site's issuer stays unknown.
    Gives how many orders were new.
    """
    patients = {f"Patient/{each['id']}": each for each in omegaai.resources("Patient")}
    starts = _starts(omegaai.resources("Appointment"))
    visits = []
    for order in omegaai.resources("ServiceRequest"):
        patient = patients.get(order.get("subject", {}).get("reference", ""), {})
        number, accession = _number(patient, setting), _of_type(order, "ACSN")
        if number and accession and powerserver.archive.study_by(accession=accession) is None:
            start = starts.get(f"ServiceRequest/{order['id']}", now)
            known = {"patient_number": number, "accession": accession, "issuer": setting.issuer}
            visits.append(known | _visit(powerserver, patient, order, start))
    return powerserver.load(visits)


def _visit(
    powerserver: PowerServerSim, patient: Resource, order: Resource, start: datetime
) -> Resource:
    name = (patient.get("name") or [{}])[0]
    return {
        "family": name.get("family", ""),
        "given": " ".join(name.get("given", ())),
        "birth_date": patient.get("birthDate", ""),
        "sex": {"female": "F", "male": "M"}.get(patient.get("gender", ""), "U"),
        "placer_order": _of_type(order, "PLAC"),
        "study_uid": powerserver.archive.new_uid(),
        "description": order.get("code", {}).get("text", ""),
        "start": start,
    }


def _starts(appointments: list[Resource]) -> dict[str, datetime]:
    return {
        order["reference"]: datetime.fromisoformat(appointment["start"])
        for appointment in appointments
        for order in appointment.get("basedOn", ())
        if "start" in appointment
    }


def _number(patient: Resource, setting: Setting) -> str:
    for identifier in patient.get("identifier", ()):
        if identifier.get("system") == setting.identifier_system:
            return str(identifier.get("value", ""))
    return ""


def _of_type(order: Resource, code: str) -> str:
    for identifier in order.get("identifier", ()):
        codes = [each.get("code") for each in identifier.get("type", {}).get("coding", ())]
        if code in codes:
            return str(identifier.get("value", ""))
    return ""
