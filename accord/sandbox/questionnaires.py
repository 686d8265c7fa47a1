"""Blume's templates in the simulated clinic, in Portuguese and English."""

from typing import Any

from accord.sandbox.world import Setting

Resource = dict[str, Any]
Item = dict[str, Any]

HOME = "https://blume.example/forms"

REGISTRATION_PT = f"{HOME}/cadastro|2"
REGISTRATION_EN = f"{HOME}/registration|1"
CLINICAL_PT = f"{HOME}/anamnese-exame|1"
CLINICAL_EN = f"{HOME}/imaging-history|1"
SAFETY_PT = f"{HOME}/seguranca-rm|1"
LONG_PT = f"{HOME}/anamnese-completa|1"
RETIRED_PT = f"{HOME}/anamnese-antiga|1"
UNPUBLISHED_PT = f"{HOME}/cadastro-infantil|1"
NEVER_PUBLISHED = f"{HOME}/rascunho|1"
UNKNOWN_VERSION = f"{HOME}/cadastro|99"
UNKNOWN = f"{HOME}/nunca-existiu|1"


def templates(setting: Setting) -> list[Resource]:
    """
    List every template, oldest state first: one id may come twice, as draft and as published.

    The one once published and now a draft again comes as published, then as draft.
    """
    drafts = [
        _template(
            setting, SAFETY_PT, "clinical", "Questionário de segurança em RM", safety_items()
        ),
    ]
    published = [
        _template(setting, REGISTRATION_PT, "registration", "Cadastro do paciente", _cadastro()),
        _template(
            setting, REGISTRATION_EN, "registration", "Patient registration", _registration(), "en"
        ),
        _template(setting, CLINICAL_PT, "clinical", "Anamnese do exame", all_types("pt")),
        _template(setting, CLINICAL_EN, "clinical", "Imaging history", all_types("en"), "en"),
        _template(
            setting, SAFETY_PT, "clinical", "Questionário de segurança em RM", safety_items()
        ),
        _template(setting, LONG_PT, "clinical", "Anamnese completa", forty_questions()),
        _template(setting, UNPUBLISHED_PT, "registration", "Cadastro infantil", _cadastro()),
    ]
    retired = _template(setting, RETIRED_PT, "clinical", "Anamnese antiga", all_types("pt"))
    never = _template(setting, NEVER_PUBLISHED, "clinical", "Rascunho", _registration())
    again = _template(setting, UNPUBLISHED_PT, "registration", "Cadastro infantil", _cadastro())
    return [
        *(each | {"status": "draft"} for each in drafts),
        *published,
        retired | {"status": "retired"},
        never | {"status": "draft"},
        again | {"status": "draft"},
    ]


def _template(  # noqa: PLR0913  # one line of the table above
    setting: Setting,
    canonical: str,
    kind: str,
    title: str,
    items: list[Item],
    language: str = "pt-BR",
) -> Resource:
    url, _, version = canonical.partition("|")
    return {
        "resourceType": "Questionnaire",
        "id": url.rsplit("/", 1)[-1],
        "url": url,
        "version": version,
        "language": language,
        "status": "active",
        "title": title,
        "subjectType": ["Patient"],
        "extension": [{"url": setting.form_kind_url, "valueCode": kind}],
        "item": items,
    }


def _item(link: str, type_: str, text: str, **more: Any) -> Item:
    return {"linkId": link, "type": type_, "text": text, **more}


def _choices(*words: str) -> list[Item]:
    return [
        {"valueCoding": {"system": f"{HOME}/codes", "code": f"c{number}", "display": word}}
        for number, word in enumerate(words, start=1)
    ]


def _cadastro() -> list[Item]:
    return [
        _item(
            "1",
            "group",
            "Dados pessoais",
            item=[
                _item("1.1", "string", "Nome social", maxLength=80),
                _item("1.2", "date", "Data de nascimento", required=True),
                _item("1.3", "choice", "Estado civil", answerOption=_choices("solteira", "casada")),
                _item("1.4", "string", "CPF"),
            ],
        ),
        _item(
            "2",
            "group",
            "Contato",
            item=[
                _item("2.1", "string", "Telefone", repeats=True),
                _item("2.2", "text", "Endereço completo"),
            ],
        ),
        _item("3", "boolean", "Autorizo o uso dos meus dados (LGPD)", required=True),
        _item("4", "attachment", "Assinatura"),
    ]  # fmt: skip


def _registration() -> list[Item]:
    return [
        _item("1", "string", "Preferred name"),
        _item("2", "string", "Emergency contact", repeats=True),
        _item("3", "boolean", "I consent to treatment", required=True),
        _item("4", "display", "Please bring photo identification to your visit."),
        _item("5", "attachment", "Signature"),
    ]


_WORDS = {
    "pt": (
        "Alergias", "Peso (kg)", "Gestações", "Última menstruação", "Último exame",
        "Hora do jejum", "Medicamento em uso", "Conte o que sente", "Página do seu médico",
        "Lado", "Contraste usado antes", "Foto da lesão", "Exame anterior", "Altura",
        "Responda com calma.",
    ),
    "en": (
        "Allergies", "Weight (kg)", "Pregnancies", "Last period", "Last examination",
        "Fasting since", "Current medicine", "Describe your symptoms", "Your doctor's page",
        "Side", "Contrast used before", "Picture of the lesion", "Earlier examination", "Height",
        "Take your time.",
    ),
}  # fmt: skip
_SIDES = {"pt": ("direito", "esquerdo", "ambos"), "en": ("right", "left", "both")}
ALL_TYPES = ("boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url",
             "choice", "open-choice", "attachment", "reference", "quantity", "display")  # fmt: skip


def all_types(language: str) -> list[Item]:
    """Ask one question of every R4 item type, in two levels of groups."""
    items = []
    for number, (type_, text) in enumerate(zip(ALL_TYPES, _WORDS[language], strict=True), start=1):
        more: Item = {"repeats": True} if type_ in {"string", "open-choice"} else {}
        if type_ in {"choice", "open-choice"}:
            more["answerOption"] = _choices(*_SIDES[language])
        items.append(_item(f"1.{number}", type_, text, **more))
    inner = _item("1.90", "group", "…", item=[_item("1.90.1", "boolean", "OK?")])
    return [_item("1", "group", _WORDS[language][0], item=[*items, inner])]


def safety_items() -> list[Item]:
    """Ask what a magnet must be asked about, with a question that depends on another."""
    implants = (
        "Marca-passo",
        "Clipe de aneurisma",
        "Implante coclear",
        "Prótese metálica",
        "Bomba de insulina",
    )
    asked = [
        _item(f"1.{n}", "boolean", f"{name}?", required=True) for n, name in enumerate(implants, 1)
    ]
    detail = _item(
        "2", "text", "Se sim, qual e desde quando?",
        enableWhen=[{"question": "1.1", "operator": "=", "answerBoolean": True}],
    )  # fmt: skip
    return [
        _item("1", "group", "Você tem?", item=asked),
        detail,
        _item("3", "attachment", "Assinatura"),
    ]


def forty_questions() -> list[Item]:
    """Ask forty questions in four groups, of the types that a long anamnesis has."""
    types = ("boolean", "string", "choice", "integer", "date")
    groups = []
    for group in range(1, 5):
        asked = []
        for number in range(1, 11):
            type_ = types[number % len(types)]
            more = {"answerOption": _choices("sim", "não", "não sei")} if type_ == "choice" else {}
            asked.append(
                _item(
                    f"{group}.{number}",
                    type_,
                    f"Pergunta {group}.{number} sobre a sua saúde?",
                    **more,
                )
            )
        groups.append(_item(f"{group}", "group", f"Parte {group}", item=asked))
    return groups
