"""What a person is told to do about an item, by its reason; the words are data, in two languages.

The quality rules bring their own words (`accord.quality`); these are for everything else.
"""

from accord.domain.base import Record
from accord.domain.parity import WORDS, Finding


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
    "filed-elsewhere": _G(
        pt="O documento está no PowerServer com outro tipo. Corrija o tipo no Document Viewer e "
        "use done-by-hand; nada é enviado outra vez.",
        en="The document is in PowerServer under another type. Correct its type in the Document "
        "Viewer and run done-by-hand; nothing is sent again.",
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
        pt="Liberado, mas o documento não pôde ser preparado. Corrija a causa no OmegaAI ou no "
        "arquivo da organização e use retry-effect; ou leve o formulário à mão e use done-by-hand.",
        en="Released, but the document could not be prepared. Mend the cause in OmegaAI or in the "
        "organization file, then run retry-effect; or carry the form over by hand and run "
        "done-by-hand.",
    ),
    "changed-since-planned": _G(
        pt="O documento já foi enviado uma vez e não pode mais ser refeito com os mesmos bytes. "
        "Confira no Document Viewer; se não estiver lá, leve o formulário à mão e use "
        "done-by-hand.",
        en="It was sent once, and the very same bytes cannot be made again. Check the Document "
        "Viewer; if it is not there, carry the form over by hand and run done-by-hand.",
    ),
    "retire-old-version": _G(
        pt="A nova versão está no Document Viewer; a antiga continua visível. Retire a antiga, "
        "que o título da nova indica; se isso não se mostrar na leitura, use attest-task.",
        en="The new version is in the Document Viewer, and the old one still shows. Retire the "
        "old one, which the title of the new one names; if no read-back shows that, run "
        "attest-task.",
    ),
    "removed-after-landing": _G(
        pt="O documento foi verificado e não aparece mais no PowerServer. Pergunte a quem o "
        "retirou e use attest-task; nada é enviado de novo sem a decisão de uma pessoa.",
        en="The document was verified once and no longer shows in PowerServer. Ask who removed "
        "it, then run attest-task; nothing is sent again unless a person decides so.",
    ),
    "attest-by-hand": _G(
        pt="Este site não permite leitura automática. Abra o Document Viewer, confira o documento "
        "e use done-by-hand.",
        en="This site has no automatic read-back. Open the Document Viewer, check the document, "
        "then run done-by-hand.",
    ),
    "read-back-down": _G(
        pt="O PowerServer não responde a leituras (DICOM). Nada se conclui disso e nada é enviado "
        "duas vezes; verifique a estação DICOM e a rede.",
        en="PowerServer does not answer reads (DICOM). Nothing is concluded from that and nothing "
        "is sent twice; check the DICOM station and the network.",
    ),
    "place-not-read": _G(
        pt="O PowerServer não mostrou tudo de algum paciente: a lista parou no limite, ou um "
        "objeto não pôde ser lido. O que é dele espera (not-looked-at na trilha de auditoria), o "
        "resto segue. Aumente dicom.find_limit se o PowerServer mostra mais; senão, veja os "
        "documentos desse paciente no Document Viewer.",
        en="PowerServer did not show all of some patient's documents: a list ended at its limit, "
        "or an object could not be read. What is theirs waits (not-looked-at in the audit trail), "
        "all else goes on. Raise dicom.find_limit where PowerServer shows more; if not, see that "
        "patient's documents in the Document Viewer.",
    ),
    "study-status-moved": _G(
        pt="Um documento enviado por C-STORE mudou o status do exame. O envio foi parado (modo "
        "watch). Corrija o status no PowerServer, defina document_route: mdm e use set-mode.",
        en="A document sent by C-STORE changed its study's status. Sending has stopped (mode "
        "watch). Put the status back in PowerServer, set document_route: mdm, then run set-mode.",
    ),
    "no-such-study": _G(
        pt="O PowerServer não mostra exame com este número de acesso. Quando o pedido estiver lá, "
        "use retry-effect.",
        en="PowerServer shows no study with this accession number. Once the order is there, run "
        "retry-effect.",
    ),
    "patient-level-undecided": _G(
        pt="Falta decidir em que exame ficam os documentos do paciente (filing.patient_level). "
        "Decida ou use document_route: mdm; depois use retry-effect.",
        en="It is undecided in which study patient-level documents stand (filing.patient_level). "
        "Decide, or set document_route: mdm, then run retry-effect.",
    ),
    "unencodable": _G(
        pt="O conjunto de caracteres do HL7 não tem alguma letra deste formulário, e nada é "
        "trocado por outra. Use hl7.character_set: UNICODE UTF-8 no arquivo da organização, se o "
        "PowerServer aceitar; depois use retry-effect.",
        en="The HL7 character set lacks a letter of this form, and none is ever replaced. Set "
        "hl7.character_set: UNICODE UTF-8 in the organization file where PowerServer takes it, "
        "then run retry-effect.",
    ),
    "undecodable-text": _G(
        pt="O hl7.character_set do arquivo da organização não é um nome que se conheça (tabela HL7 "
        "0211), como UNICODE UTF-8 ou 8859/1. Corrija-o; depois use retry-effect.",
        en="The hl7.character_set of the organization file is no name that is known (HL7 table "
        "0211), such as UNICODE UTF-8 or 8859/1. Correct it, then run retry-effect.",
    ),
    "does-not-fit": _G(
        pt="Um texto não cabe no campo do HL7 e nunca é cortado: veja nome, número e accession com "
        "`accord show <chave>`, corrija no OmegaAI e use retry-effect.",
        en="A text does not fit its HL7 field and is never cut: see name, number and accession by "
        "`accord show <key>`, correct them in OmegaAI, then run retry-effect.",
    ),
    "not-accepted": _G(
        pt="Este PowerServer não aceita o evento (hl7.accepts). Faça-o à mão no Document Viewer e "
        "use done-by-hand.",
        en="This PowerServer does not take the event (hl7.accepts). Do it by hand in the Document "
        "Viewer, then run done-by-hand.",
    ),
    "read-back-unproven": _G(
        pt="O PowerServer responde, mas nenhum documento conhecido é encontrado: verifique a "
        "estação DICOM e as permissões da conta de leitura.",
        en="PowerServer answers, but no known document is found: check the DICOM station and the "
        "reading account's permissions.",
    ),
    "not-found-at-omegaai": _G(
        pt="O OmegaAI não encontra este formulário, e nada prova que foi apagado: a conta pode ter "
        "perdido permissões. Procure-o no OmegaAI: se está lá, corrija as permissões da conta; se "
        "não está, use done-by-hand.",
        en="OmegaAI does not find this form, and nothing proves that it was deleted: the account "
        "may have lost rights. Look for it in OmegaAI: if it is there, mend the account's rights; "
        "if it is not, run done-by-hand.",
    ),
    "fails-at-omegaai": _G(
        pt="O OmegaAI falha ao entregar este formulário ou o anexo dele; os outros vêm. Cada "
        "execução pede outra vez. Se durar, avise o suporte da RamSoft, ou leve-o à mão e use "
        "done-by-hand.",
        en="OmegaAI fails to give this form or its attachment, while others come. Every run asks "
        "again. If it lasts, tell RamSoft's support, or carry it over by hand and run "
        "done-by-hand.",
    ),
    "malformed-at-omegaai": _G(
        pt="O que o OmegaAI responde a este formulário ou ao anexo dele não segue o FHIR. Cada "
        "execução pede outra vez. Avise o suporte da RamSoft, ou leve-o à mão e use done-by-hand.",
        en="What OmegaAI answers for this form or its attachment is not FHIR. Every run asks "
        "again. Tell RamSoft's support, or carry it over by hand and run done-by-hand.",
    ),
    "refused-by-omegaai": _G(
        pt="O OmegaAI não deixa esta conta ler este formulário, o anexo ou o modelo dele. Corrija "
        "as permissões da conta; a próxima execução lê de novo. Ou leve-o à mão e use "
        "done-by-hand.",
        en="OmegaAI does not let this account read this form, its attachment or its template. "
        "Mend the account's rights, and the next run reads it again; or carry it over by hand and "
        "run done-by-hand.",
    ),
    "neighbour-misshapen": _G(
        pt="O formulário abre; o que não se entende é algo a que ele se refere: o paciente, o "
        "pedido, o agendamento ou o local. Abra-os no OmegaAI e corrija o que está fora da forma, "
        "ou avise o suporte da RamSoft; a próxima execução tenta de novo.",
        en="The form opens; what cannot be understood is something it refers to: the patient, the "
        "order, the appointment or the place. Open them in OmegaAI and mend what is out of shape, "
        "or tell RamSoft's support; the next run tries again.",
    ),
    "not-offered-by-omegaai": _G(
        pt="Para ler este formulário é preciso o que o OmegaAI não declara, como Binary:read ou "
        "Questionnaire:history-instance. Se a RamSoft confirmar que funciona, acrescente em "
        "site.omegaai.assume_supported; se não, leve-o à mão e use done-by-hand.",
        en="To read this form takes what OmegaAI does not declare, such as Binary:read or "
        "Questionnaire:history-instance. If RamSoft confirms that it works, list it in "
        "site.omegaai.assume_supported; if not, carry it over by hand and run done-by-hand.",
    ),
    "accept-site": _G(
        pt="Abra o paciente de teste no Document Viewer e na agenda, compare com o artefato de "
        "accept-site e use attest-task. A execução seguinte retira o que foi enviado.",
        en="Open the test patient in the Document Viewer and the scheduler, compare with the "
        "artifact of accept-site, then run attest-task. The next run takes back what was sent.",
    ),
    "accept-site-order": _G(
        pt="O PowerServer não mostra o pedido do paciente de teste. Faça-o à mão com o número de "
        "acesso do artefato, ou use attest-task, e execute accept-site de novo.",
        en="PowerServer does not show the test patient's order. Make it by hand under the "
        "accession number of the artifact, or run attest-task, then run accept-site again.",
    ),
    "accept-site-clean-up": _G(
        pt="Retire no Document Viewer o que ficou do paciente de teste e cancele o pedido dele; a "
        "execução seguinte de accept-site confere.",
        en="Remove in the Document Viewer what is left of the test patient, and cancel their "
        "order; the next run of accept-site sees that.",
    ),
    "accept-site-settings": _G(
        pt="Mude no arquivo da organização as linhas que o artefato de accept-site mostra e "
        "matricule de novo; a execução seguinte confere.",
        en="Change the lines of the organization file that the artifact of accept-site shows, and "
        "enrol again; the next run sees that.",
    ),
    "duplicate-document": _G(
        pt="O mesmo documento está duas vezes no PowerServer. Retire uma das cópias no Document "
        "Viewer; depois use attest-task.",
        en="The same document is in PowerServer twice. Retire one of the copies in the Document "
        "Viewer, then run attest-task.",
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


_FINDINGS = frozenset(finding.value for finding in Finding)


def guidance(reason: str) -> Guidance:
    """Give the words for a reason; a refusal's code shares the words of all refusals."""
    if reason in GUIDANCE:
        return GUIDANCE[reason]
    if reason in _FINDINGS:
        words = WORDS[Finding(reason)]
        return Guidance(pt=f"{words.pt} {words.screen}.", en=f"{words.en} {words.screen}.")
    return _REFUSED if reason.startswith("answer-") else _ELSE
