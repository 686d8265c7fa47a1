"""The rules on a plan of changes before it is shown: one that breaks a rule is not proposed."""

from accord.domain.hours import MINUTES_A_DAY
from accord.domain.resources import LONGEST_DURATION_MIN
from accord.quality.resource_sides import NAME
from accord.quality.rules import Check, Rule, Suite, between, is_true, matches, not_above, one_of

DTYPES = {
    "key": "str",
    "verdict": "str",
    "name": "str",
    "name_is_unique": "bool",
    "zone": "str",
    "modalities": "str",
    "first_start": "float64",
    "last_end": "float64",
    "minutes": "float64",
    "rests_on": "str",
    "only_owned": "bool",
    "changes_something": "bool",
    "stands_somewhere": "bool",
    "booked": "float64",
}
"""The columns that the suite reads, also of a frame without rows."""

_US_PT = "É um erro do Accord: nada foi proposto. Avise quem mantém o Accord."
_US_EN = "This is Accord's own mistake: nothing was proposed. Tell Accord's maintainers."
_FILE_PT = "Corrija o arquivo da organização e planeje de novo."
_FILE_EN = "Mend the organization file and plan again."


def _ours(name: str, check: Check, pt: str, en: str) -> Rule:
    return Rule(name, check, pt, en, _US_PT, _US_EN, releasable=False)


def _files(name: str, check: Check, pt: str, en: str) -> Rule:
    return Rule(name, check, pt, en, _FILE_PT, _FILE_EN, releasable=False)


CHANGES = Suite(
    "plan of changes",
    (
        _ours(
            "verdict-writable",
            one_of("verdict", "create", "update", "retire"),
            "O plano só contém o que se pode gravar.",
            "The plan holds only what can be written.",
        ),
        _files(
            "name-exact",
            matches("name", NAME),
            "O nome não tem espaços no início, no fim ou dobrados, e até 64 caracteres.",
            "The name has no outer or doubled spaces, and at most 64 characters.",
        ),
        _files(
            "name-unique",
            is_true("name_is_unique"),
            "O nome é único na unidade.",
            "The name is unique in its facility.",
        ),
        _files(
            "zone-known",
            matches("zone", r"^\S+$"),
            "O fuso da unidade é conhecido.",
            "The facility's zone is known.",
        ),
        _files(
            "modality-known",
            matches("modalities", r"^[A-Z]+(\|[A-Z]+)*$"),
            "O recurso tem modalidades do DICOM.",
            "The resource has modalities of DICOM.",
        ),
        _files(
            "hours-inside-the-day",
            between("last_end", 1, MINUTES_A_DAY),
            "O recurso atende em algum dia, e o expediente cabe no dia.",
            "The resource works on some day, and its hours lie inside the day.",
        ),
        _files(
            "start-before-end",
            not_above("first_start", "last_end"),
            "O início vem antes do fim.",
            "The start lies before the end.",
        ),
        _files(
            "duration-possible",
            between("minutes", 1, LONGEST_DURATION_MIN),
            "A duração padrão vai de 1 minuto a 24 horas.",
            "The default duration is 1 minute to 24 hours.",
        ),
        _ours(
            "rests-on-a-version",
            one_of("rests_on", "given", "not needed"),
            "O que muda ou aposenta algo diz em que versão se apoia.",
            "What changes or retires something says on which version it rests.",
        ),
        _ours(
            "only-owned-fields",
            is_true("only_owned"),
            "O plano só muda campos que o arquivo decide.",
            "The plan changes only fields that the file decides.",
        ),
        _ours(
            "changes-something",
            is_true("changes_something"),
            "Cada mudança muda algo.",
            "Each change changes something.",
        ),
        _ours(
            "stands-somewhere",
            is_true("stands_somewhere"),
            "O que é criado tem unidade e sala no OmegaAI.",
            "What is made has its facility and room at OmegaAI.",
        ),
        _ours(
            "nobody-booked-on-what-goes",
            between("booked", 0, 0).only_where("verdict", "retire"),
            "Ninguém está agendado no que é aposentado.",
            "Nobody is booked on what is retired.",
        ),
    ),
)
"""Judges `accord.setup.change_facts`; one broken rule stops the whole plan: it is one proposal."""
