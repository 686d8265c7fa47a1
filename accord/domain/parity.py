"""What can differ between the two systems' set-up: a closed list, in words for people."""

from enum import StrEnum

from accord.domain.base import Record


class Weight(StrEnum):
    """What a finding means for the day's work."""

    ERROR = "error"  # one side books what the other refuses, or shows it elsewhere
    WARNING = "warning"  # it works, and somebody will be surprised


class Agreement(StrEnum):
    """What one comparison of both systems says, as exit codes of jobs do: 0, 1 and 3."""

    ALIKE = "alike"
    DIFFERENT = "different"
    PARTIAL = "partial"  # something could not be compared: nothing is said of the whole


class Finding(StrEnum):
    """One kind of difference; `WORDS` says it to people."""

    ONLY_IN_POWERSERVER = "only-in-powerserver"
    ONLY_IN_OMEGAAI = "only-in-omegaai"
    NAME_CASE = "name-case"
    NAME_TWICE = "name-twice"
    MODALITIES = "modalities"
    HOURS = "hours"
    NOT_REPRESENTABLE = "not-representable-in-powerserver"
    DURATION = "duration"
    INACTIVE = "inactive-in-omegaai"
    OVERBOOKING = "overbooking"


class Words(Record):
    """What a finding says, and where a person mends it."""

    weight: Weight
    pt: str
    en: str
    screen: str
    """Path on the screens, in the words that they show."""

    def text(self, locale: str) -> str:
        """Say it in the site's language."""
        return self.pt if locale.startswith("pt") else self.en


_PS = "PowerServer: Settings > Users & Facilities > Imaging Facilities > Resource"
_OAI = "OmegaAI: Scheduler > Settings > Healthcare Service"
_E, _W = Weight.ERROR, Weight.WARNING

WORDS: dict[Finding, Words] = {
    Finding.ONLY_IN_POWERSERVER: Words(
        weight=_E,
        pt="O recurso existe no PowerServer e não no OmegaAI: pacientes não podem pedi-lo.",
        en="The resource is in PowerServer and not in OmegaAI: patients cannot ask for it.",
        screen=_OAI,
    ),
    Finding.ONLY_IN_OMEGAAI: Words(
        weight=_E,
        pt="O serviço existe no OmegaAI e não no PowerServer: o que se pede não chega à agenda.",
        en="The service is in OmegaAI and not in PowerServer: requests reach no schedule.",
        screen=_PS,
    ),
    Finding.NAME_CASE: Words(
        weight=_E,
        pt="O nome difere só em maiúsculas ou espaços; deve ser exatamente igual.",
        en="The name differs only in case or spaces; resource names must be exactly equal.",
        screen=_OAI,
    ),
    Finding.NAME_TWICE: Words(
        weight=_E,
        pt="Dois recursos do mesmo lado têm o mesmo nome; nenhum deles pode ser comparado.",
        en="Two resources of one side share the name; neither can be compared.",
        screen=_PS,
    ),
    Finding.MODALITIES: Words(
        weight=_E,
        pt="As modalidades não são as mesmas: um exame cabe num lado e é recusado no outro.",
        en="The modalities are not the same: a study fits on one side and is refused on the other.",
        screen=_OAI,
    ),
    Finding.HOURS: Words(
        weight=_E,
        pt="O início ou o fim do expediente difere: há horários que só um dos lados oferece.",
        en="Start or end differ: there are slots that only one side offers.",
        screen=_OAI,
    ),
    Finding.NOT_REPRESENTABLE: Words(
        weight=_E,
        pt="O OmegaAI tem horários diferentes conforme o dia; o PowerServer só guarda um início e "
        "um fim. Iguale os dias ou crie um recurso por horário.",
        en="OmegaAI has other hours on other days; PowerServer keeps one start and one end. Make "
        "the days equal, or make a resource for each pair of hours.",
        screen=_OAI,
    ),
    Finding.DURATION: Words(
        weight=_E,
        pt="A duração padrão difere (minutos no PowerServer, HH:MM no OmegaAI).",
        en="The default duration differs (minutes in PowerServer, HH:MM in OmegaAI).",
        screen=_OAI,
    ),
    Finding.INACTIVE: Words(
        weight=_E,
        pt="O serviço está inativo no OmegaAI: o paciente não o vê.",
        en="The service is inactive in OmegaAI: patients do not see it.",
        screen=_OAI,
    ),
    Finding.OVERBOOKING: Words(
        weight=_W,
        pt="Só um dos lados aceita encaixes (overbooking).",
        en="Only one side accepts overbooking.",
        screen=_OAI,
    ),
}
