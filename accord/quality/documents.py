"""The rules on what PowerServer shows: may these documents serve as proof?"""

from collections.abc import Sequence

import pandas as pd

from accord.domain.documents import DocumentSeen
from accord.quality.rules import Check, Rule, Severity, Suite, between, is_true, matches, unique

DTYPES = {
    "sop_uid": "str",
    "number_length": "int64",
    "issuer_length": "int64",
    "has_type": "bool",
    "says_section": "bool",
    "has_time": "bool",
}
"""The columns that the suite reads, also of a frame without rows."""


def document_facts(seen: Sequence[DocumentSeen]) -> pd.DataFrame:
    """
    Tell what the gate judges documents by: one row each, in order; the key is the position.

    The same document listed by two queries must be given once.
    """
    rows = [
        {
            "sop_uid": document.sop_uid,
            "number_length": len(document.patient.number.strip()),
            "issuer_length": len(document.patient.issuer.strip()),
            "has_type": bool(document.document_type.strip()),
            "says_section": document.section is not None,
            "has_time": document.at is not None,
        }
        for document in seen
    ]
    keys = pd.Index([str(position) for position in range(len(rows))], dtype="object")
    return pd.DataFrame(rows, index=keys, columns=list(DTYPES)).astype(DTYPES)


def _rule(
    name: str, check: Check, text_pt: str, text_en: str, severity: Severity = Severity.HOLDS
) -> Rule:
    return Rule(
        name,
        check,
        text_pt,
        text_en,
        "Avise quem cuida do PowerServer; até lá o documento não serve de prova.",
        "Tell whoever runs the PowerServer; until then the document proves nothing.",
        severity,
    )


DOCUMENTS = Suite(
    "documents",
    (
        _rule(
            "sop-uid-well-formed",
            matches("sop_uid", r"^(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+$"),
            "O documento tem um SOP Instance UID válido.",
            "The document has a valid SOP Instance UID.",
        ),
        _rule(
            "sop-uid-unique",
            unique("sop_uid"),
            "Nenhum outro documento tem o mesmo SOP Instance UID.",
            "No other document has the same SOP Instance UID.",
        ),
        _rule(
            "patient-present",
            between("number_length", 1, None),
            "O documento diz de que paciente é.",
            "The document says whose it is.",
        ),
        _rule(
            "issuer-present",
            between("issuer_length", 1, None),
            "O documento diz quem emitiu o ID do paciente.",
            "The document says who issued the patient's number.",
            Severity.WARNS,
        ),
        _rule(
            "type-present",
            is_true("has_type"),
            "O documento diz seu tipo.",
            "The document says its type.",
            Severity.WARNS,
        ),
        _rule(
            "section-said",
            is_true("says_section"),
            "O documento diz se é do paciente ou do estudo.",
            "The document says whether it is the patient's or the study's.",
            Severity.WARNS,
        ),
        _rule(
            "time-present",
            is_true("has_time"),
            "O documento diz quando foi feito.",
            "The document says when it was made.",
            Severity.WARNS,
        ),
    ),
)
"""Judges `document_facts`. A warning means: seen, but too little said to recognise a form by."""
