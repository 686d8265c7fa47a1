"""What patients and portals do wrong, and what must become of each: written by hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from accord.sandbox import questionnaires as q
from accord.sandbox.blume_pdfs import damaged_form, encrypted_form
from accord.sandbox.blume_writer import FormWriter, Written
from accord.sandbox.people import FAR_SCRIPT
from accord.sandbox.world import Visit

Act = Callable[[FormWriter, Visit], Written]


@dataclass(frozen=True)
class Mischief:
    """One way in which a submission is odd."""

    shape: str
    """'normal' (answers) or 'pdf'."""
    expected: str
    """Where it must end: 'Patient Docs', 'Documents', 'held' or 'not submitted'."""
    why: str


MISCHIEF = {
    "no-issuer": Mischief("normal", "held", "the patient's number has no known issuer"),
    "unknown-patient": Mischief("normal", "held", "nobody knows the patient it names"),
    "other-subject": Mischief("normal", "held", "the appointment is another patient's"),
    "clinical-without-accession": Mischief("normal", "held", "a clinical form without a study"),
    "never-published": Mischief("normal", "held", "the template was never published"),
    "unknown-version": Mischief("normal", "held", "the template has no such version"),
    "unknown-template": Mischief("normal", "held", "there is no such template"),
    "unknown-script": Mischief("normal", "held", "the name needs letters that no font has"),
    "long-name": Mischief("normal", "held", "the family name does not fit its field"),
    "long-accession": Mischief("normal", "held", "the accession number does not fit its field"),
    "empty-pdf": Mischief("pdf", "held", "the PDF has no bytes"),
    "encrypted-pdf": Mischief("pdf", "held", "the PDF asks for a password"),
    "damaged-pdf": Mischief("pdf", "held", "half of the PDF is missing"),
    "oversize-pdf": Mischief("pdf", "held", "the PDF is larger than the site takes"),
    "in-progress": Mischief("normal", "not submitted", "the patient has not pressed Submit"),
    "later-unpublished": Mischief("normal", "Patient Docs", "issued, then unpublished: valid"),
    "retired-template": Mischief("normal", "Documents", "issued, then retired: valid"),
}
"""Wrong and odd submissions by name. `held` waits for a person; the last two are delivered."""

OVERSIZE_BYTES = 10_500_000
LONG_FAMILY = "Albuquerque Cavalcanti de Vasconcelos " * 6
LONG_ACCESSION = "A2611000000000000001"
"""20 characters; DICOM's SH holds 16."""


def misbehave(name: str, writer: FormWriter, visit: Visit) -> Written:
    """Write one submission that is odd in the named way; `visit` is left as it is."""
    resources, note = _ACTS[name](writer, writer.another(visit))
    return resources, replace(note, expected=MISCHIEF[name].expected, why=MISCHIEF[name].why)


def _no_issuer(writer: FormWriter, visit: Visit) -> Written:
    patient, order, appointment = writer.arrival(visit)
    patient["identifier"][1]["system"] = "urn:oid:2.16.76.1.99.404"
    forms, note = writer.normal(visit, "registration")
    return [patient, order, appointment, *forms], note


def _unknown_patient(writer: FormWriter, visit: Visit) -> Written:
    return writer.normal(replace(visit, service_request_id="nobody"), "registration")


def _other_subject(writer: FormWriter, visit: Visit) -> Written:
    sibling = writer.another(visit)
    forms, note = writer.normal(visit, "clinical")
    forms[0]["subject"] = {"reference": f"Patient/{sibling.patient_id}"}
    return [*writer.arrival(visit), *writer.arrival(sibling), *forms], note


def _no_accession(writer: FormWriter, visit: Visit) -> Written:
    forms, note = writer.normal(visit, "clinical")
    del forms[0]["basedOn"]
    return [*writer.arrival(visit), *forms], replace(note, accession=None)


def _answers(template: str, kind: str) -> Act:
    def act(writer: FormWriter, visit: Visit) -> Written:
        forms, note = writer.normal(visit, kind, template)
        return [*writer.arrival(visit), *forms], note

    return act


def _names(canonical: str) -> Act:
    def act(writer: FormWriter, visit: Visit) -> Written:
        forms, note = writer.normal(visit, "registration", q.REGISTRATION_PT)
        forms[0]["questionnaire"] = canonical
        return [*writer.arrival(visit), *forms], note

    return act


def _called(family: str, given: str) -> Act:
    def act(writer: FormWriter, visit: Visit) -> Written:
        named = replace(visit, family=family, given=given)
        forms, note = writer.normal(named, "registration", q.REGISTRATION_PT)
        return [*writer.arrival(named), *forms], note

    return act


def _long_accession(writer: FormWriter, visit: Visit) -> Written:
    numbered = replace(visit, accession=LONG_ACCESSION)
    forms, note = writer.normal(numbered, "clinical")
    return [*writer.arrival(numbered), *forms], note


def _uploads(make: Callable[[FormWriter], bytes]) -> Act:
    def act(writer: FormWriter, visit: Visit) -> Written:
        forms, note = writer.pdf(visit, "clinical", make(writer))
        return [*writer.arrival(visit), *forms], note

    return act


def _in_progress(writer: FormWriter, visit: Visit) -> Written:
    forms, note = writer.normal(visit, "clinical")
    forms[0]["status"] = "in-progress"
    return [*writer.arrival(visit), *forms], note


_ACTS: dict[str, Act] = {
    "no-issuer": _no_issuer,
    "unknown-patient": _unknown_patient,
    "other-subject": _other_subject,
    "clinical-without-accession": _no_accession,
    "never-published": _answers(q.NEVER_PUBLISHED, "clinical"),
    "unknown-version": _names(q.UNKNOWN_VERSION),
    "unknown-template": _names(q.UNKNOWN),
    "unknown-script": _called(*FAR_SCRIPT),
    "long-name": _called(LONG_FAMILY.strip(), "Maria"),
    "long-accession": _long_accession,
    "empty-pdf": _uploads(lambda writer: b""),
    "encrypted-pdf": _uploads(lambda writer: encrypted_form("Termo")),
    "damaged-pdf": _uploads(lambda writer: damaged_form("Termo")),
    "oversize-pdf": _uploads(lambda writer: writer.press.form("Termo", "…", OVERSIZE_BYTES)),
    "in-progress": _in_progress,
    "later-unpublished": _answers(q.UNPUBLISHED_PT, "registration"),
    "retired-template": _answers(q.RETIRED_PT, "clinical"),
}
