from pydantic import AwareDatetime

from accord.domain.answer_sheet import AnswerSheet
from accord.domain.base import Record
from accord.domain.forms import FormKind
from accord.domain.identifiers import AccessionNumber
from accord.domain.people import Patient
from accord.rendering.glyphs import lacks_glyphs


class FormContent(Record):
    """
    Everything that a printed form shows; the same content gives the same bytes.

    Only `reference` is ours to word; all else is patient data.
    """

    title: str
    kind: FormKind | None = None
    patient: Patient
    facility: str
    """The facility's name as people know it."""
    submitted_at: AwareDatetime
    zone: str
    """The facility's IANA zone; printed with its offset."""
    author: str = ""
    """Reference type of who filled it in: Patient, RelatedPerson, Practitioner, …"""
    reference: str
    """The version of the source, such as `QuestionnaireResponse/12/_history/3`."""
    accession: AccessionNumber | None = None
    replaces: str = ""
    """What this document replaces, in words; '' for a first version."""
    answers: AnswerSheet

    def missing_glyphs(self) -> frozenset[str]:
        """List the characters that keep this form from being printed; empty if none do."""
        patient = self.patient
        names = (patient.given, patient.middle, patient.family)
        ids = (patient.id.number, patient.id.issuer, self.accession or "", self.reference)
        spoken = (self.title, self.facility, self.author, self.replaces)
        return lacks_glyphs("\n".join((*names, *ids, *spoken, *self.answers.texts())))

    def __str__(self) -> str:
        return "FormContent(…)"

    __repr__ = __str__
