"""The fixed words of a printed form, by language."""

from collections.abc import Mapping
from types import MappingProxyType

from accord.domain.answer_sheet import QuestionState
from accord.domain.base import Record
from accord.domain.forms import FormKind


class Headings(Record):
    """Every fixed word that a printed form may show."""

    language: str
    region: str
    paper: str
    """A paper name of the typesetter."""
    kinds: dict[FormKind | None, str]
    patient: str
    number: str
    issuer: str
    born: str
    facility: str
    submitted: str
    author: str
    accession: str
    replaces: str
    source: str
    page: str
    of: str
    untitled: str
    unknown: str
    group: str
    strays: str
    unreadable: str
    not_shown: str
    hidden: str
    off: str
    states: dict[QuestionState, str]
    summary: dict[QuestionState, tuple[str, str]]
    """For one and for several; `{n}` is the number."""
    authors: dict[str, str]
    """FHIR reference type -> words."""


HEADINGS: Mapping[str, Headings] = MappingProxyType(
    {
        "pt-BR": Headings(
            language="pt",
            region="BR",
            paper="a4",
            kinds={
                FormKind.REGISTRATION: "Formulário de cadastro",
                FormKind.CLINICAL: "Formulário clínico",
                None: "Formulário",
            },
            patient="Paciente",
            number="Número",
            issuer="Emissor",
            born="Nascimento",
            facility="Unidade",
            submitted="Enviado em",
            author="Preenchido por",
            accession="Número de acesso",
            replaces="Substitui",
            source="Origem",
            page="Página",
            of="de",
            untitled="Formulário sem título",
            unknown="não informado",
            group="Item",
            strays="Respostas fora do questionário",
            unreadable="resposta ilegível",
            not_shown="arquivo não exibido aqui",
            hidden="campo oculto no formulário",
            off="respondida, embora a condição não se aplique",
            states={
                QuestionState.ANSWERED: "",
                QuestionState.UNANSWERED: "não respondida",
                QuestionState.MISSING: "obrigatória, não respondida",
                QuestionState.NOT_APPLICABLE: "não se aplica",
            },
            summary={
                QuestionState.ANSWERED: ("{n} pergunta respondida", "{n} perguntas respondidas"),
                QuestionState.UNANSWERED: ("{n} não respondida", "{n} não respondidas"),
                QuestionState.MISSING: (
                    "{n} obrigatória não respondida",
                    "{n} obrigatórias não respondidas",
                ),
                QuestionState.NOT_APPLICABLE: ("{n} não se aplica", "{n} não se aplicam"),
            },
            authors={
                "Patient": "Paciente",
                "RelatedPerson": "Familiar ou responsável",
                "Practitioner": "Profissional de saúde",
                "PractitionerRole": "Profissional de saúde",
                "Organization": "Instituição",
                "Device": "Sistema",
            },
        ),
        "en-US": Headings(
            language="en",
            region="US",
            paper="us-letter",
            kinds={
                FormKind.REGISTRATION: "Registration form",
                FormKind.CLINICAL: "Clinical form",
                None: "Form",
            },
            patient="Patient",
            number="Number",
            issuer="Issuer",
            born="Born",
            facility="Facility",
            submitted="Submitted",
            author="Filled in by",
            accession="Accession number",
            replaces="Replaces",
            source="Source",
            page="Page",
            of="of",
            untitled="Untitled form",
            unknown="not given",
            group="Item",
            strays="Answers outside the questionnaire",
            unreadable="unreadable answer",
            not_shown="file not shown here",
            hidden="hidden on the form",
            off="answered, although its condition is not met",
            states={
                QuestionState.ANSWERED: "",
                QuestionState.UNANSWERED: "not answered",
                QuestionState.MISSING: "required, not answered",
                QuestionState.NOT_APPLICABLE: "not applicable",
            },
            summary={
                QuestionState.ANSWERED: ("{n} question answered", "{n} questions answered"),
                QuestionState.UNANSWERED: ("{n} not answered", "{n} not answered"),
                QuestionState.MISSING: (
                    "{n} required not answered",
                    "{n} required not answered",
                ),
                QuestionState.NOT_APPLICABLE: ("{n} not applicable", "{n} not applicable"),
            },
            authors={
                "Patient": "Patient",
                "RelatedPerson": "Family member or guardian",
                "Practitioner": "Health professional",
                "PractitionerRole": "Health professional",
                "Organization": "Institution",
                "Device": "System",
            },
        ),
    }
)
