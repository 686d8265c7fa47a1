"""What the vendor's own synchronisation makes of OmegaAI's resources: submitted forms."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from accord.sandbox.vendor_reading import Reading, Resource
from accord.sandbox.world import Setting

SUBMITTED = frozenset({"completed", "amended"})
ACCESSION = "ACSN"
"""HL7 table 0203: the identifier type of an accession number."""


@dataclass(frozen=True)
class SubmittedForm:
    """One version of one submitted form, as the vendor understands it."""

    ref: str
    """Type, id and version."""
    kind: str
    """'registration' or 'clinical'."""
    title: str
    patient_number: str
    accession: str
    submitted_at: datetime
    pdf: bytes = field(default=b"", repr=False)
    """A PDF form's own bytes; empty for a Normal form."""
    lines: tuple[tuple[int, str, str], ...] = field(default=(), repr=False)
    """Depth, question and answer of a Normal form."""


def submitted_forms(reading: Reading, setting: Setting) -> list[SubmittedForm]:
    """
    Give every form that is submitted now, of patients who have a number here.

    Raises:
        httpx.HTTPError: OmegaAI could not be read.
    """
    templates = {each.get("url", ""): each for each in reading.all("Questionnaire")}
    responses = [each for each in reading.all("QuestionnaireResponse") if _is_submitted(each)]
    documents = [each for each in reading.all("DocumentReference") if _is_pdf_form(each, setting)]
    found = [
        *(_of_response(reading, each, templates, setting) for each in responses),
        *(_of_document(reading, each, setting) for each in documents),
    ]
    return [form for form in found if form.kind and form.patient_number]


def _is_submitted(response: Resource) -> bool:
    return response.get("status") in SUBMITTED and "authored" in response


def _is_pdf_form(document: Resource, setting: Setting) -> bool:
    system, _, code = setting.pdf_form_category.partition("|")
    marks = [(each.get("system"), each.get("code")) for each in _codings(document)]
    return document.get("status") == "current" and "date" in document and (system, code) in marks


def _of_response(
    reading: Reading, response: Resource, templates: dict[str, Resource], setting: Setting
) -> SubmittedForm:
    template = templates.get(response.get("questionnaire", "").partition("|")[0], {})
    return SubmittedForm(
        ref=_ref(response),
        kind=_kind(template, setting),
        title=template.get("title", ""),
        patient_number=_number(reading, response, setting),
        accession=_accession(reading, response.get("basedOn", ())),
        submitted_at=datetime.fromisoformat(response["authored"]),
        lines=tuple(_lines(response.get("item", ()), 0)),
    )


def _of_document(reading: Reading, document: Resource, setting: Setting) -> SubmittedForm:
    return SubmittedForm(
        ref=_ref(document),
        kind=_kind(document, setting),
        title=document.get("description", ""),
        patient_number=_number(reading, document, setting),
        accession=_accession(reading, document.get("context", {}).get("related", ())),
        submitted_at=datetime.fromisoformat(document["date"]),
        pdf=reading.attached(document),
    )


def _kind(resource: Resource, setting: Setting) -> str:
    for extension in resource.get("extension", ()):
        if extension.get("url") == setting.form_kind_url:
            return str(extension.get("valueCode", ""))
    return ""


def _ref(resource: Resource) -> str:
    version = resource.get("meta", {}).get("versionId", "")
    return f"{resource['resourceType']}/{resource['id']}/_history/{version}"


def _codings(document: Resource) -> list[Resource]:
    concepts = [document.get("type", {}), *document.get("category", ())]
    return [coding for concept in concepts for coding in concept.get("coding", ())]


def _number(reading: Reading, resource: Resource, setting: Setting) -> str:
    patient = reading.one(resource.get("subject", {}).get("reference", ""))
    for identifier in patient.get("identifier", ()):
        if identifier.get("system") == setting.identifier_system:
            return str(identifier.get("value", ""))
    return ""


def _accession(reading: Reading, orders: list[Resource] | tuple[()]) -> str:
    for order in orders:
        for identifier in reading.one(order.get("reference", "")).get("identifier", ()):
            codes = [each.get("code") for each in identifier.get("type", {}).get("coding", ())]
            if ACCESSION in codes:
                return str(identifier.get("value", ""))
    return ""


def _lines(items: list[Resource] | tuple[()], depth: int) -> Iterator[tuple[int, str, str]]:
    for item in items:
        answers = item.get("answer", ())
        yield depth, item.get("text", ""), "; ".join(_answer(each) for each in answers)
        yield from _lines(item.get("item", ()), depth + 1)
        for answer in answers:
            yield from _lines(answer.get("item", ()), depth + 1)


def _answer(answer: Resource) -> str:
    for name, given in answer.items():
        if name == "valueBoolean":
            return "Yes" if given else "No"
        if isinstance(given, dict):
            return str(given.get("display") or given.get("value") or given.get("title") or "")
        if name.startswith("value"):
            return str(given)
    return ""
