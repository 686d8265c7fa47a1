"""The rules between OmegaAI and the plan: which submitted forms may go on to PowerServer."""

from accord.quality.fields import ACCESSION_CHARACTERS
from accord.quality.rules import Check, Rule, Suite, between, is_true, not_above, one_of

CLOCK_SKEW_MINUTES = 10  # more than that is no drift but a wrong clock or a wrong zone


def _of_documents(check: Check) -> Check:
    return check.only_where("carries_document", True)


_WHAT_IT_IS = (
    Rule(
        name="submission-readable",
        check=one_of("content", "read", "not needed"),
        text_pt="O formulário pode ser lido no OmegaAI.",
        text_en="The form can be read at OmegaAI.",
        what_to_do_pt="Abra o formulário no OmegaAI; se abrir ali, avise o suporte da RamSoft.",
        what_to_do_en="Open the form in OmegaAI; if it opens there, tell RamSoft's support.",
        releasable=False,
    ),
    Rule(
        name="submitted-not-in-progress",
        check=one_of("status", "completed", "amended", "entered-in-error"),
        text_pt="O formulário diz que foi enviado, e não apenas salvo.",
        text_en="The form says that it was submitted, not only saved.",
        what_to_do_pt="Veja o status dele no OmegaAI. Se o paciente não enviou, peça que envie no "
        "Blume; se enviou, use release-hold e diga à RamSoft qual status veio.",
        what_to_do_en="See its status in OmegaAI. If the patient did not submit it, have it "
        "submitted in Blume; if they did, run release-hold and tell RamSoft which status came.",
    ),
    Rule(
        name="issuer-known",
        check=is_true("issuer_known"),
        text_pt="O emissor do ID do paciente está no mapa de emissores.",
        text_en="The issuer of the patient's number is in the issuer map.",
        what_to_do_pt="Acrescente o emissor em site.omegaai.issuers no arquivo da organização.",
        what_to_do_en="Add the issuer to site.omegaai.issuers in the organization file.",
        releasable=False,
    ),
    Rule(
        name="patient-known",
        check=is_true("patient_known"),
        text_pt="O paciente tem número e nome no OmegaAI.",
        text_en="The patient has a number and a name at OmegaAI.",
        what_to_do_pt="Complete o cadastro do paciente no OmegaAI: ID, emissor e nome.",
        what_to_do_en="Complete the patient in OmegaAI: ID, issuer and name.",
        releasable=False,
    ),
    Rule(
        name="subject-is-the-appointments-patient",
        check=one_of("subject", "agrees", "no appointment"),
        text_pt="O formulário é do paciente do agendamento.",
        text_en="The form is about the appointment's patient.",
        what_to_do_pt="Veja quem preencheu: parentes dividem uma conta Blume. Corrija no OmegaAI.",
        what_to_do_en="See who filled it in: relatives share a Blume account. Mend it in OmegaAI.",
        releasable=False,
    ),
    Rule(
        name="questionnaire-version-known",
        check=one_of("questionnaire", "published", "never", "not asked"),
        text_pt="A versão respondida do formulário existe no OmegaAI.",
        text_en="The answered version of the form exists at OmegaAI.",
        what_to_do_pt="Veja no OmegaAI se o modelo foi apagado; peça à RamSoft que o restaure.",
        what_to_do_en="See in OmegaAI whether the template was deleted; have RamSoft restore it.",
    ),
    Rule(
        name="form-kind-named",
        check=one_of("kind", "registration", "clinical"),
        text_pt="O formulário diz se é de Cadastro ou Clínico.",
        text_en="The form says whether it is Registration or Clinical.",
        what_to_do_pt="Marque o modelo do formulário no OmegaAI, ou veja form_kind_url no arquivo.",
        what_to_do_en="Set the form's template in OmegaAI, or see form_kind_url in the file.",
    ),
    Rule(
        name="facility-known",
        check=is_true("facility_known"),
        text_pt="O formulário é de uma só unidade, que está no arquivo da organização.",
        text_en="The form is of one facility, which is in the organization file.",
        what_to_do_pt="Acrescente a unidade, ou o omegaai_id dela, no arquivo da organização; se "
        "o pedido e o agendamento citam duas, corrija isso no OmegaAI.",
        what_to_do_en="Add the facility, or its omegaai_id, to the organization file; if order and "
        "appointment name two, mend that in OmegaAI.",
    ),
    Rule(
        name="clinical-names-an-accession",
        check=between("accession_length", 1, None).only_where("kind", "clinical"),
        text_pt="O formulário Clínico leva a um estudo (accession number).",
        text_en="A Clinical form leads to a study (accession number).",
        what_to_do_pt="Vincule o formulário ao pedido do exame no OmegaAI; a próxima execução o "
        "leva.",
        what_to_do_en="Link the form to the study's order in OmegaAI; the next run then takes it.",
        releasable=False,
    ),
    Rule(
        name="accession-fits",
        check=between("accession_length", None, ACCESSION_CHARACTERS),
        text_pt="O accession number tem até 16 caracteres.",
        text_en="The accession number has at most 16 characters.",
        what_to_do_pt="Corrija o accession number no OmegaAI: o DICOM aceita até 16 caracteres.",
        what_to_do_en="Correct the accession number in OmegaAI: DICOM takes 16 characters.",
        releasable=False,
    ),
)

_WHERE_IT_COMES_FROM = (
    Rule(
        name="questionnaire-was-published",
        check=one_of("questionnaire", "published", "unknown version", "not asked"),
        text_pt="O formulário foi publicado alguma vez.",
        text_en="The form was published at some time.",
        what_to_do_pt="Publique o formulário no OmegaAI, ou descarte a resposta de teste.",
        what_to_do_en="Publish the form in OmegaAI, or discard the test answer.",
    ),
    Rule(
        name="has-submission-time",
        check=one_of("submission_time", "given", "not needed"),
        text_pt="O formulário diz quando foi enviado.",
        text_en="The form says when it was submitted.",
        what_to_do_pt="Peça à RamSoft a data de envio (authored) desse formulário.",
        what_to_do_en="Ask RamSoft for the form's time of submission (authored).",
    ),
    Rule(
        name="not-from-the-future",
        check=between("minutes_ahead", None, CLOCK_SKEW_MINUTES),
        text_pt="O envio não está no futuro.",
        text_en="The submission does not lie in the future.",
        what_to_do_pt="Confira o relógio e o fuso do OmegaAI e desta máquina.",
        what_to_do_en="Check the clock and time zone of OmegaAI and of this machine.",
    ),
)

_THE_DOCUMENT = (
    Rule(
        name="pdf-not-empty",
        check=_of_documents(between("document_bytes", 1, None)),
        text_pt="O PDF não está vazio.",
        text_en="The PDF is not empty.",
        what_to_do_pt="Peça ao paciente que envie o formulário de novo.",
        what_to_do_en="Ask the patient to submit the form again.",
    ),
    Rule(
        name="pdf-not-encrypted",
        check=_of_documents(one_of("is_encrypted", False)),
        text_pt="O PDF não tem senha.",
        text_en="The PDF has no password.",
        what_to_do_pt="Peça ao paciente o formulário sem senha.",
        what_to_do_en="Ask the patient for the form without a password.",
    ),
    Rule(
        name="pdf-not-damaged",
        check=_of_documents(one_of("is_damaged", False)),
        text_pt="O PDF não está danificado.",
        text_en="The PDF is not damaged.",
        what_to_do_pt="Abra o PDF no OmegaAI; se não abrir, peça ao paciente que envie de novo.",
        what_to_do_en="Open the PDF in OmegaAI; if it fails, ask the patient to submit again.",
    ),
    Rule(
        name="pdf-has-pages",
        check=_of_documents(between("pages", 1, None)),
        text_pt="O PDF tem ao menos uma página.",
        text_en="The PDF has at least one page.",
        what_to_do_pt="Peça ao paciente que envie o formulário de novo.",
        what_to_do_en="Ask the patient to submit the form again.",
    ),
    Rule(
        name="size-within-limit",
        check=_of_documents(not_above("document_bytes", "document_limit")),
        text_pt="O documento cabe no limite do PowerServer.",
        text_en="The document is within PowerServer's limit.",
        what_to_do_pt="Arquive-o à mão, ou aumente document_limit_bytes se o PowerServer aceitar.",
        what_to_do_en="File it by hand, or raise document_limit_bytes if PowerServer takes more.",
    ),
    Rule(
        name="text-fits-fields",
        check=between("unfit_texts", 0, 0),
        text_pt="Nome, número, emissor e accession cabem nos campos, sem \\ ^ = * ?.",
        text_en="Name, number, issuer and accession fit their fields, without \\ ^ = * ?.",
        what_to_do_pt="Corrija o texto no OmegaAI; nada é cortado para caber.",
        what_to_do_en="Correct the text in OmegaAI; nothing is ever cut to fit.",
        releasable=False,
    ),
    Rule(
        name="font-covers-text",
        check=between("missing_glyphs", 0, 0),
        text_pt="Todo caractere do formulário pode ser desenhado.",
        text_en="Every character of the form can be drawn.",
        what_to_do_pt="Corrija o texto no OmegaAI, ou avise a equipe do Accord: falta uma fonte.",
        what_to_do_en="Correct the text in OmegaAI, or tell us: a font is missing.",
    ),
)

SUBMISSIONS = Suite("submissions", (*_WHAT_IT_IS, *_WHERE_IT_COMES_FROM, *_THE_DOCUMENT))
"""
Judges `submission_facts`. What is `in-progress` or `stopped` is dropped before; here it would be
held, as a status is that nobody knows.
"""

NEVER_RELEASED = frozenset(rule.name for rule in SUBMISSIONS.rules if not rule.releasable)
"""A form that breaks one of these could land in another person's chart: it has to be mended."""
