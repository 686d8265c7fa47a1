"""The rules on a plan before it is written: a plan that breaks one is our own mistake."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from accord.domain.effects import EffectState, Intent
from accord.domain.relay import Decision, Prepared
from accord.quality.rules import Check, Rule, Suite, between, is_true, matches, one_of

DTYPES = {
    "key": "str",
    "placement": "str",
    "document_type": "str",
    "digest": "str",
    "files_content": "bool",
    "parent": "str",
    "is_chained": "bool",
    "seconds_after_the_one_before": "float64",
    "reason": "str",
}
"""The columns that the suite reads, also of a frame without rows."""

_STOPPED = frozenset({EffectState.HELD, EffectState.PARKED, EffectState.SUPERSEDED})
_ABOUT_ANOTHER = frozenset({Intent.REPLACE_DOCUMENT, Intent.WITHDRAW_DOCUMENT})


def plan_facts(prepared: Sequence[Prepared], decisions: Sequence[Decision]) -> pd.DataFrame:
    """Tell what the gate judges a plan by: one row for each decision, in the plan's order."""
    rows = [_facts(item, d) for item, d in zip(prepared, decisions, strict=True)]
    frame = pd.DataFrame(rows, columns=["chain", "updated_at", *DTYPES])
    step = frame["updated_at"].astype("float64").groupby(frame["chain"]).diff()
    frame["seconds_after_the_one_before"] = step.fillna(0.0)
    frame.index = pd.Index(frame["key"], dtype="object")
    return frame[list(DTYPES)].astype(DTYPES)


def _facts(item: Prepared, decision: Decision) -> dict[str, Any]:
    files = decision.intent is not Intent.WITHDRAW_DOCUMENT
    about_another = decision.intent in _ABOUT_ANOTHER and decision.state is EffectState.PLANNED
    return {
        "chain": item.chain,
        "updated_at": item.source_updated_at.timestamp(),
        "key": decision.key,
        # one column, so that one rule reads it
        "placement": f"{item.kind or 'nothing'} in {item.section or 'nothing'}",
        "document_type": item.document_type,
        "digest": item.digest,
        "files_content": files and decision.state is EffectState.PLANNED,
        "parent": _said(about_another, bool(decision.parent)),
        "is_chained": bool(item.chain),
        "reason": _said(decision.state in _STOPPED, bool(decision.reason)),
    }


def _said(needed: bool, given: bool) -> str:
    if not needed:
        return "not needed"
    return "given" if given else "missing"


def _of_filed(check: Check) -> Check:
    return check.only_where("files_content", True)


_TO_US_PT = "É um erro do Accord: nada deste plano foi enviado. Avise quem mantém o Accord."
_TO_US_EN = "This is Accord's own mistake: nothing was sent. Tell Accord's maintainers."


def _rule(name: str, check: Check, text_pt: str, text_en: str) -> Rule:
    return Rule(name, check, text_pt, text_en, _TO_US_PT, _TO_US_EN)


PLAN = Suite(
    "plan",
    (
        _rule(
            "key-fits-its-field",
            matches("key", r"^[A-Z2-7]{20}$"),
            "A chave tem 20 caracteres de base32 e cabe em MSH-10.",
            "The key is 20 characters of base32 and fits MSH-10.",
        ),
        _rule(
            "section-fits-the-kind",
            _of_filed(one_of("placement", "registration in Patient Docs", "clinical in Documents")),
            "Cadastro vai para Patient Docs; Clínico vai para Documents.",
            "Registration goes to Patient Docs; Clinical goes to Documents.",
        ),
        _rule(
            "never-an-imaging-report",
            _of_filed(matches("document_type", r"^(?!\s*[Dd][Ii]\s*$)\s*\S")),
            "O documento tem um tipo, que nunca é DI (laudo de imagem).",
            "The document has a type, which is never DI (imaging report).",
        ),
        _rule(
            "has-a-digest",
            _of_filed(matches("digest", r"^[0-9a-f]{64}$")),
            "O documento tem o resumo SHA-256 de seus bytes.",
            "The document has the SHA-256 digest of its bytes.",
        ),
        _rule(
            "parent-named",
            one_of("parent", "given", "not needed"),
            "O que substitui ou retira um documento diz qual.",
            "What replaces or withdraws a document says which.",
        ),
        _rule(
            "chain-named",
            is_true("is_chained"),
            "Cada versão pertence à cadeia de seu formulário.",
            "Each version belongs to the chain of its form.",
        ),
        _rule(
            "chain-in-order",
            between("seconds_after_the_one_before", 0, None),
            "As versões de um formulário estão em ordem.",
            "The versions of a form stand in order.",
        ),
        _rule(
            "reason-given",
            one_of("reason", "given", "not needed"),
            "O que não será enviado diz por quê.",
            "What will not be sent says why.",
        ),
    ),
)
"""Judges `plan_facts`; keys that stand twice stop the run before any rule."""
