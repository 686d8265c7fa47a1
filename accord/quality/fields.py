"""How long a text may be where it travels, and what it may not hold."""

import unicodedata

from accord.domain.forms import Submission
from accord.domain.people import Patient

ACCESSION_CHARACTERS = 16  # DICOM SH
NAME_CHARACTERS = 64  # DICOM PN, one component group
NUMBER_CHARACTERS = 64  # DICOM LO
ORDER_CHARACTERS = 22  # TXA-14, an EI of HL7 2.3.1

_IN_NAMES = frozenset("\\^=")  # they part a name's pieces
_IN_NUMBERS = frozenset("\\*?")  # they part values, or ask for any: a query would not be exact


def texts_that_do_not_fit(submission: Submission) -> int:
    """
    Count the texts of a submission that its wires cannot carry whole.

    Nothing is ever cut to fit: a cut name or number is another person's.

    Source: docs/sources.md#field-lengths
    """
    patient = submission.patient
    wrong = [
        _holds(submission.accession or "", _IN_NUMBERS),
        len(submission.placer_order) > ORDER_CHARACTERS,
    ]
    if patient is not None:
        wrong += [
            not _is_name(patient),
            not _is_number(patient.id.number),
            not _is_number(patient.id.issuer),
        ]
    return sum(wrong)


def _is_name(patient: Patient) -> bool:
    pieces = (patient.family, patient.given, patient.middle)
    return len("^".join(pieces)) <= NAME_CHARACTERS and not any(
        _holds(piece, _IN_NAMES) for piece in pieces
    )


def _is_number(text: str) -> bool:
    return len(text) <= NUMBER_CHARACTERS and not _holds(text, _IN_NUMBERS)


def _holds(text: str, unwanted: frozenset[str]) -> bool:
    return any(char in unwanted or unicodedata.category(char) == "Cc" for char in text)
