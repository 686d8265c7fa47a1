"""
Every way in which the three systems can disagree about a visit: a closed list.

What cannot be told apart is called by its weaker name: an ambiguous match is never a missing visit.
Sources: shared anchors 6; docs/sources.md#status-matrix.
"""

from enum import StrEnum

from accord.domain.base import Record


class BreakCode(StrEnum):
    """What is wrong; reports, the ledger and runbooks name it so."""

    MISSING_IN_POWERSERVER = "MISSING_IN_POWERSERVER"
    MISSING_IN_OMEGAAI = "MISSING_IN_OMEGAAI"
    DUPLICATE_IN_POWERSERVER = "DUPLICATE_IN_POWERSERVER"
    DUPLICATE_IN_OMEGAAI = "DUPLICATE_IN_OMEGAAI"
    AMBIGUOUS = "AMBIGUOUS"
    PATIENT_DIFFERS = "PATIENT_DIFFERS"
    FACILITY_DIFFERS = "FACILITY_DIFFERS"
    TIME_SHIFTED = "TIME_SHIFTED"
    TIME_DIFFERS = "TIME_DIFFERS"
    RESOURCE_DIFFERS = "RESOURCE_DIFFERS"
    STATUS_BEHIND = "STATUS_BEHIND"
    STATUS_AHEAD = "STATUS_AHEAD"
    STATUS_CONFLICT = "STATUS_CONFLICT"
    STATUS_UNMAPPED = "STATUS_UNMAPPED"
    STATUS_UNDOCUMENTED = "STATUS_UNDOCUMENTED"


class Owner(StrEnum):
    """Who acts."""

    FRONT_DESK = "front desk"
    INTEGRATION = "integration"  # who runs Accord, Mirth and the interfaces
    VENDOR = "vendor"


class Weight(StrEnum):
    """How much it matters, worst first."""

    SAFETY = "safety"  # the wrong patient, or the wrong place
    DOOR = "door"  # a patient may be turned away
    NOTICE = "notice"


class Words(Record):
    """What a break means, and what a person does about it."""

    owner: Owner
    weight: Weight
    pt: str
    en: str

    def text(self, locale: str) -> str:
        """Say what to do, in the site's language."""
        return self.pt if locale.startswith("pt") else self.en


_B, _O, _W = BreakCode, Owner, Weight

WORDS: dict[BreakCode, Words] = {
    _B.MISSING_IN_POWERSERVER: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="O paciente tem a visita no OmegaAI e não no PowerServer: confira e agende no "
        "PowerServer antes que ele chegue.",
        en="The patient has the visit in OmegaAI and not in PowerServer: check, and book it in "
        "PowerServer before they come.",
    ),
    _B.MISSING_IN_OMEGAAI: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="A visita está no PowerServer e o paciente não a vê: confira a unidade e o recurso, e "
        "reenvie o agendamento.",
        en="The visit is in PowerServer and the patient does not see it: check facility and "
        "resource, and send the appointment again.",
    ),
    _B.DUPLICATE_IN_POWERSERVER: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="A mesma visita está mais de uma vez no PowerServer: cancele as que sobram.",
        en="The same visit is in PowerServer more than once: cancel those that are too many.",
    ),
    _B.DUPLICATE_IN_OMEGAAI: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="A mesma visita está mais de uma vez no OmegaAI: cancele as que sobram.",
        en="The same visit is in OmegaAI more than once: cancel those that are too many.",
    ),
    _B.AMBIGUOUS: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="Mais de uma visita de cada lado pode ser a mesma: diga qual é qual nos dois sistemas.",
        en="More than one visit on each side may be the same: tell which is which in both systems.",
    ),
    _B.PATIENT_DIFFERS: Words(
        owner=_O.FRONT_DESK,
        weight=_W.SAFETY,
        pt="Os dois sistemas têm pacientes diferentes na mesma visita: pare, e confira a "
        "identidade antes de qualquer exame.",
        en="The two systems have different patients in one visit: stop, and check the identity "
        "before any exam.",
    ),
    _B.FACILITY_DIFFERS: Words(
        owner=_O.FRONT_DESK,
        weight=_W.SAFETY,
        pt="A visita está em unidades diferentes: diga ao paciente aonde ir, e corrija uma delas.",
        en="The visit is in different facilities: tell the patient where to go, and mend one.",
    ),
    _B.TIME_SHIFTED: Words(
        owner=_O.INTEGRATION,
        weight=_W.DOOR,
        pt="Os horários diferem por horas inteiras: confira os fusos da unidade, do PowerServer e "
        "do OmegaAI no arquivo da organização.",
        en="The times differ by whole hours: check the zones of the facility, of PowerServer and "
        "of OmegaAI in the organization file.",
    ),
    _B.TIME_DIFFERS: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="Os horários da visita diferem: confirme com o paciente e corrija um dos sistemas.",
        en="The visit's times differ: confirm with the patient and mend one of the systems.",
    ),
    _B.RESOURCE_DIFFERS: Words(
        owner=_O.FRONT_DESK,
        weight=_W.NOTICE,
        pt="A sala ou o equipamento difere: corrija um dos sistemas.",
        en="The room or machine differs: mend one of the systems.",
    ),
    _B.STATUS_BEHIND: Words(
        owner=_O.INTEGRATION,
        weight=_W.DOOR,
        pt="O PowerServer está atrás do OmegaAI: leve o status adiante no PowerServer.",
        en="PowerServer is behind OmegaAI: move the status on in PowerServer.",
    ),
    _B.STATUS_AHEAD: Words(
        owner=_O.INTEGRATION,
        weight=_W.NOTICE,
        pt="O OmegaAI está atrás do PowerServer: o paciente ainda vê o status antigo.",
        en="OmegaAI is behind PowerServer: the patient still sees the old status.",
    ),
    _B.STATUS_CONFLICT: Words(
        owner=_O.FRONT_DESK,
        weight=_W.DOOR,
        pt="Os status se contradizem, como cancelado e confirmado: ligue para o paciente.",
        en="The statuses contradict each other, as cancelled and confirmed do: call the patient.",
    ),
    _B.STATUS_UNMAPPED: Words(
        owner=_O.INTEGRATION,
        weight=_W.NOTICE,
        pt="Um status não está na tabela desta organização: acrescente-o; até lá nada se corrige "
        "nesta visita.",
        en="A status is not in this organization's table: add it; until then nothing is fixed in "
        "this visit.",
    ),
    _B.STATUS_UNDOCUMENTED: Words(
        owner=_O.VENDOR,
        weight=_W.NOTICE,
        pt="Nenhuma página diz o que o Blume mostra neste status: pergunte à RamSoft.",
        en="No page says what Blume shows in this status: ask RamSoft.",
    ),
}
"""Every code has its words; what is not in this list is not reported."""
