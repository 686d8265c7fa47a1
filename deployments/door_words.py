"""The door's own words, in the site's language; reasons bring theirs (`accord.domain.guidance`)."""

from collections.abc import Mapping

from accord.domain.effects import EffectState as S

_WORDS: Mapping[str, tuple[str, str]] = {
    "effect": ("Efeito", "Effect"),
    "key": ("Chave (MSH-10)", "Key (MSH-10)"),
    "state": ("Situação", "State"),
    "reason": ("Motivo", "Reason"),
    "todo": ("O que fazer", "What to do"),
    "intent": ("Intenção", "Intent"),
    "section": ("Seção", "Section"),
    "document_type": ("Tipo do documento", "Document type"),
    "facility": ("Unidade", "Facility"),
    "source": ("Origem no OmegaAI", "Source at OmegaAI"),
    "rung": ("Prova", "Proof"),
    "evidence": ("Evidência", "Evidence"),
    "digest": ("SHA-256", "SHA-256"),
    "attempts": ("Envios", "Times sent"),
    "not_before": ("Não antes de", "Not before"),
    "parent": ("Substitui ou retira", "Replaces or withdraws"),
    "history": ("Histórico", "History"),
    "when": ("Quando", "When"),
    "before": ("De", "From"),
    "after": ("Para", "To"),
    "who": ("Quem", "Who"),
    "why": ("Por quê", "Why"),
    "versions": ("Versões do mesmo formulário", "Versions of the same form"),
    "tasks": ("Tarefas de pessoas", "Human tasks"),
    "task": ("Tarefa", "Task"),
    "task_kind": ("O quê", "What"),
    "attested": ("Atestada por", "Attested by"),
    "whose": ("De quem é (lido agora no OmegaAI)", "Whose it is (read from OmegaAI now)"),
    "patient": ("Paciente", "Patient"),
    "birth_date": ("Nascimento", "Born"),
    "number": ("Número^^^emissor", "Number^^^issuer"),
    "form": ("Formulário", "Form"),
    "accession": ("Accession number", "Accession number"),
    "submitted": ("Enviado em", "Submitted"),
    "newer": ("Há uma versão mais nova no OmegaAI", "A newer version stands at OmegaAI"),
    "unread": ("Não pôde ser lido no OmegaAI", "Could not be read at OmegaAI"),
    "saved": ("Documento gravado em", "Document saved to"),
    "saved_outbox": ("os bytes preparados para o envio", "the bytes prepared for sending"),
    "saved_again": (
        "preparado de novo; bytes iguais aos planejados",
        "prepared again; the same bytes as planned",
    ),
    "saved_other": (
        "preparado de novo; NÃO são os bytes planejados",
        "prepared again; NOT the bytes that were planned",
    ),
    "no_document": (
        "Este efeito não tem documento a mostrar.",
        "This effect has no document to show.",
    ),
    "found_as": ("Encontrado como", "Found as"),
    "nothing": (
        "Nada encontrado no livro-razão desta organização.",
        "Nothing was found in the ledger of this organization.",
    ),
    "hint": (
        "O que foi retido por paciente desconhecido não se acha por paciente: `accord attention`.",
        "What was held because its patient is unknown is not found so: `accord attention`.",
    ),
    "retired": (
        "Do efeito só resta a lápide: chave, resumo, situação e datas.",
        "Only a tombstone is left of this effect: key, digest, state and times.",
    ),
    "since": ("Desde", "Since"),
    "attention": ("Esperam por uma pessoa", "Waiting for a person"),
    "nobody": ("Nada espera por uma pessoa.", "Nothing waits for a person."),
    "audit_head": ("Fim da trilha de auditoria", "Head of the audit trail"),
    "audit_whole": ("A trilha de auditoria está íntegra", "The audit trail is whole"),
    "audit_broken": ("A TRILHA DE AUDITORIA FOI ALTERADA", "THE AUDIT TRAIL WAS CHANGED"),
    "entries": ("registros", "entries"),
    "as_key": ("chave ou MSH-10", "key or MSH-10"),
    "as_form": ("formulário", "form"),
    "as_patient": ("paciente", "patient"),
    "as_accession": ("accession number", "accession number"),
    "as_document": ("documento", "document"),
}
"""Portuguese, English."""


def words(locale: str) -> Mapping[str, str]:
    """Give the words of `pt-BR` or `en-US` by name."""
    which = 0 if locale.startswith("pt") else 1
    return {name: both[which] for name, both in _WORDS.items()}


_STATES_PT: Mapping[str, str] = {
    S.PLANNED: "planejado",
    S.CLAIMED: "a enviar",
    S.SENT: "enviado",
    S.IN_DOUBT: "em dúvida",
    S.LANDED: "aceito",
    S.VERIFIED: "verificado",
    S.UNVERIFIABLE: "sem leitura de volta",
    S.REJECTED: "recusado",
    S.HELD: "retido",
    S.PARKED: "estacionado",
    S.DONE_BY_HAND: "feito à mão",
    S.SUPERSEDED: "substituído",
}


def state_word(state: str, locale: str) -> str:
    """Name an effect's state in the site's language, with the ledger's own word beside it."""
    if not state or not locale.startswith("pt"):
        return state
    return f"{_STATES_PT[state]} ({state})"
