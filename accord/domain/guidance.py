"""What a person is told to do about an item, by its reason; the words are data, in two languages.

The quality rules bring their own words (`accord.quality`); these are for everything else.
"""

from accord.domain.base import Record


class Guidance(Record):
    """One reason's words."""

    pt: str
    en: str

    def text(self, locale: str) -> str:
        """Give the words in the site's language."""
        return self.pt if locale.startswith("pt") else self.en


_G = Guidance

GUIDANCE: dict[str, Guidance] = {
    "ambiguous-copy": _G(
        pt="Mais de um documento no PowerServer pode ser este formulário. Abra o Document Viewer, "
        "compare e use done-by-hand se ele já está lá, ou retry-effect se não está.",
        en="More than one document in PowerServer may be this form. Open the Document Viewer, "
        "compare, then run done-by-hand if it is there, or retry-effect if it is not.",
    ),
    "absent-twice": _G(
        pt="Enviado sem resposta e não encontrado duas vezes. Confira no Document Viewer; se não "
        "estiver lá, use retry-effect.",
        en="Sent without an answer, and not found twice. Check the Document Viewer; if it is not "
        "there, run retry-effect.",
    ),
    "not-visible": _G(
        pt="O PowerServer aceitou, mas o documento não apareceu no prazo. Confira no Document "
        "Viewer e no log do Mirth; depois use done-by-hand ou retry-effect.",
        en="PowerServer took it, but it did not become visible in time. Check the Document Viewer "
        "and the Mirth log, then run done-by-hand or retry-effect.",
    ),
    "look-by-hand": _G(
        pt="Enviado sem resposta, e este site não permite leitura automática. Confira no Document "
        "Viewer; depois use done-by-hand ou retry-effect.",
        en="Sent without an answer, and this site has no automatic read-back. Check the Document "
        "Viewer, then run done-by-hand or retry-effect.",
    ),
    "no-read-back": _G(
        pt="Este site não oferece leitura de volta; o envio não pode ser provado. Se importa, "
        "confira no Document Viewer.",
        en="This site offers no read-back, so it cannot be proven. Where it matters, check the "
        "Document Viewer.",
    ),
    "retire-by-hand": _G(
        pt="O paciente retirou ou corrigiu o formulário. No Document Viewer, retire a versão "
        "antiga; depois use done-by-hand.",
        en="The patient withdrew or corrected the form. In the Document Viewer, retire the old "
        "version, then run done-by-hand.",
    ),
    "cannot-prepare": _G(
        pt="Liberado, mas o documento não pôde ser preparado. Corrija a causa no OmegaAI ou leve o "
        "formulário à mão e use done-by-hand.",
        en="Released, but the document could not be prepared. Mend the cause in OmegaAI, or carry "
        "the form over by hand and run done-by-hand.",
    ),
    "changed-since-planned": _G(
        pt="O formulário mudou depois de planejado, sem nova versão. Confira no OmegaAI; depois "
        "use retry-effect.",
        en="The form changed after it was planned, without a new version. Check OmegaAI, then run "
        "retry-effect.",
    ),
    "read-back-unproven": _G(
        pt="O PowerServer responde, mas nenhum documento conhecido é encontrado: verifique a "
        "estação DICOM e as permissões da conta de leitura.",
        en="PowerServer answers, but no known document is found: check the DICOM station and the "
        "reading account's permissions.",
    ),
    "duplicate-document": _G(
        pt="O mesmo documento está duas vezes no PowerServer. Retire uma das cópias no Document "
        "Viewer.",
        en="The same document is in PowerServer twice. Retire one of the copies in the Document "
        "Viewer.",
    ),
}

_REFUSED = Guidance(
    pt="O PowerServer recusou. Veja o log do Mirth pelo MSH-10 (a chave), corrija a causa e use "
    "retry-effect.",
    en="PowerServer refused it. Find the MSH-10 (the key) in the Mirth log, mend the cause, then "
    "run retry-effect.",
)
_ELSE = Guidance(
    pt="Use `accord show <chave>` na máquina do site para ver do que se trata.",
    en="Run `accord show <key>` on the site's machine to see what it is about.",
)


def guidance(reason: str) -> Guidance:
    """Give the words for a reason; a refusal's code shares the words of all refusals."""
    if reason in GUIDANCE:
        return GUIDANCE[reason]
    return _REFUSED if reason.startswith("answer-") else _ELSE
