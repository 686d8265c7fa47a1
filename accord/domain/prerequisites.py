"""What must be true before anything is set up: a closed list, in words for people (P0, P2, P5)."""

from enum import StrEnum

from accord.domain.base import Record


class Prerequisite(StrEnum):
    """One thing that must be true; `WORDS` says it to people."""

    CONNECTION = "connection"
    IN_OMEGAAI = "organization-in-omegaai"
    PLACE = "place-in-omegaai"
    IN_POWERSERVER = "facility-in-powerserver"
    SHARED_STORAGE = "shared-storage"
    SIGN_IN = "sign-in-to-powerserver"
    READABLE = "facility-readable"
    MODALITIES = "modalities"
    STUDY_SETS = "study-sets"
    PROCEDURE_CODES = "procedure-codes"
    LICENCE = "licence"
    MIRTH_VERSION = "mirth-version"
    ISSUER_UNDER_MASTER = "issuer-under-master"
    ISSUER_IN_OMEGAAI = "issuer-in-omegaai"
    ISSUER_IN_POWERSERVER = "issuer-in-powerserver"
    PRIORITY_LABEL = "priority-label"


class Outcome(StrEnum):
    """What is known of one prerequisite."""

    MET = "met"  # a peer shows it
    DECLARED = "declared"  # the organization file says it; no machine can see it
    ATTESTED = "attested"  # a person says so; no machine can see it
    NOT_MET = "not-met"
    UNSEEN = "unseen"  # neither shown nor said: it waits for a person


class Readiness(StrEnum):
    """What all checks together say, as exit codes of jobs do: 0, 1 and 3."""

    READY = "ready"
    NOT_READY = "not-ready"
    PARTIAL = "partial"  # something was neither shown nor said: nothing is said of the whole


class Who(StrEnum):
    """Who can mend it."""

    OMEGAAI = "omegaai-administrator"
    POWERSERVER = "powerserver-administrator"
    VENDOR = "vendor"
    OPERATOR = "operator"


ASKED_OF_PEOPLE = frozenset(
    {
        Prerequisite.IN_POWERSERVER,
        Prerequisite.SHARED_STORAGE,
        Prerequisite.SIGN_IN,
        Prerequisite.ISSUER_UNDER_MASTER,
        Prerequisite.PRIORITY_LABEL,
    }
)
"""What a person may attest where no peer shows it. What a peer denies nobody attests."""


class Checked(Record):
    """One prerequisite of one facility, PowerServer or the whole, and what was found."""

    prerequisite: Prerequisite
    about: str = ""
    """Slug of a facility or name of a wire; '' for the organization as a whole."""
    outcome: Outcome
    wanted: str = ""
    seen: str = ""
    """What the peer shows instead, or says; no patient's data."""


def readiness(checks: list[Checked]) -> Readiness:
    """Say it in one word; never that all is ready while something was not seen."""
    outcomes = {each.outcome for each in checks}
    if Outcome.NOT_MET in outcomes:
        return Readiness.NOT_READY
    return Readiness.PARTIAL if Outcome.UNSEEN in outcomes or not checks else Readiness.READY


class Words(Record):
    """What a prerequisite asks for, and where and by whom it is mended."""

    phase: str
    """Of the documented process: P0, P2 or P5."""
    pt: str
    en: str
    fix_pt: str
    fix_en: str
    screen: str
    """Path on the screens, in the words that they show, as far as it is published."""
    who: Who

    def text(self, locale: str) -> str:
        """Say what is asked for, in the site's language."""
        return self.pt if locale.startswith("pt") else self.en

    def fix(self, locale: str) -> str:
        """Say what to do, in the site's language."""
        return self.fix_pt if locale.startswith("pt") else self.fix_en


_ORGANIZATIONS = "OmegaAI: Organizations"
_CATALOGUES = "PowerServer and OmegaAI: where each keeps it; the path is not published"
_FACILITIES = "PowerServer: Settings > Users & Facilities > Imaging Facilities"

WORDS: dict[Prerequisite, Words] = {
    Prerequisite.CONNECTION: Words(
        phase="P0",
        pt="Cada ligação responde.",
        en="Every wire answers.",
        fix_pt="Corrija o que a mensagem diz e execute de novo.",
        fix_en="Mend what the message says, and run this again.",
        screen="`python -m deployments.connections`",
        who=Who.OPERATOR,
    ),
    Prerequisite.IN_OMEGAAI: Words(
        phase="P0",
        pt="A unidade existe no OmegaAI e está ativa.",
        en="The facility is in OmegaAI and active.",
        fix_pt="Crie-a com + abaixo da organização gestora, ou ative-a.",
        fix_en="Create it with + under the managing organization, or set it active.",
        screen=_ORGANIZATIONS,
        who=Who.OMEGAAI,
    ),
    Prerequisite.PLACE: Words(
        phase="P0",
        pt="A unidade está abaixo da organização gestora, e esta abaixo da Master.",
        en="The facility stands under its managing organization, and that under the Master.",
        fix_pt="Mova-a para a organização certa e escreva `place:` no arquivo da organização.",
        fix_en="Move it under the right parent, and write `place:` in the organization file.",
        screen=_ORGANIZATIONS,
        who=Who.OMEGAAI,
    ),
    Prerequisite.IN_POWERSERVER: Words(
        phase="P0",
        pt="A unidade existe no PowerServer, com Practice Type = Imaging e o mesmo nome.",
        en="The facility is in PowerServer, with Practice Type = Imaging and the same name.",
        fix_pt="Crie-a com New; o nome pode diferir só em maiúsculas.",
        fix_en="Create it with New; its name may differ in case only.",
        screen=_FACILITIES,
        who=Who.POWERSERVER,
    ),
    Prerequisite.SHARED_STORAGE: Words(
        phase="P0",
        pt="O armazenamento do PowerServer está ligado à organização do OmegaAI.",
        en="PowerServer's storage is linked to the organization of OmegaAI.",
        fix_pt="Peça à RamSoft a ligação (Onboard Customers with Shared PS Storage).",
        fix_en="Ask RamSoft for the link (Onboard Customers with Shared PS Storage).",
        screen=_ORGANIZATIONS,
        who=Who.VENDOR,
    ),
    Prerequisite.SIGN_IN: Words(
        phase="P2",
        pt="Uma pessoa desta equipe entra no PowerServer pelo PowerReader.",
        en="A person of this team signs in to PowerServer by PowerReader.",
        fix_pt="Abra o portal, instale o PowerReader na primeira vez e entre.",
        fix_en="Open the portal, install PowerReader the first time, and sign in.",
        screen="PowerServer: portal > PowerReader",
        who=Who.POWERSERVER,
    ),
    Prerequisite.READABLE: Words(
        phase="P0",
        pt="A conta de leitura vê recursos desta unidade.",
        en="The reading account sees resources of this facility.",
        fix_pt="Dê à conta acesso à unidade, ou crie ali o primeiro serviço.",
        fix_en="Give the account access to the facility, or create its first service there.",
        screen="OmegaAI: Scheduler > Settings > Healthcare Service",
        who=Who.OMEGAAI,
    ),
    Prerequisite.MODALITIES: Words(
        phase="P0",
        pt="As modalidades são as mesmas nos dois sistemas e no arquivo.",
        en="The modalities are the same in both systems and in the file.",
        fix_pt="Acrescente o que falta, do lado em que falta.",
        fix_en="Add what is missing, on the side where it is missing.",
        screen=_CATALOGUES,
        who=Who.OMEGAAI,
    ),
    Prerequisite.STUDY_SETS: Words(
        phase="P0",
        pt="Os conjuntos de exames são os mesmos nos dois sistemas e no arquivo.",
        en="The study sets are the same in both systems and in the file.",
        fix_pt="Acrescente o que falta, do lado em que falta.",
        fix_en="Add what is missing, on the side where it is missing.",
        screen=_CATALOGUES,
        who=Who.OMEGAAI,
    ),
    Prerequisite.PROCEDURE_CODES: Words(
        phase="P0",
        pt="Os códigos de procedimento são os mesmos nos dois sistemas e no arquivo.",
        en="The procedure codes are the same in both systems and in the file.",
        fix_pt="Acrescente o que falta, do lado em que falta.",
        fix_en="Add what is missing, on the side where it is missing.",
        screen=_CATALOGUES,
        who=Who.OMEGAAI,
    ),
    Prerequisite.LICENCE: Words(
        phase="P0",
        pt="A licença do Blume permite formulários e agendamento pelo paciente.",
        en="Blume's licence covers forms and scheduling by patients.",
        fix_pt="Peça a licença AFD, ou BPP com os dois complementos, e escreva `licence:`.",
        fix_en="Ask for the licence AFD, or BPP with both add-ons, and write `licence:`.",
        screen="OmegaAI: Audit Log shows changes of licences",
        who=Who.VENDOR,
    ),
    Prerequisite.MIRTH_VERSION: Words(
        phase="P0",
        pt="O Mirth do PowerServer é 4.4.2 ou mais novo, como o Blume Share exige.",
        en="PowerServer's Mirth is 4.4.2 or newer, as Blume Share needs.",
        fix_pt="Veja a versão no Mirth Administrator e escreva `mirth_version:`.",
        fix_en="Read the version in Mirth Administrator, and write `mirth_version:`.",
        screen="Mirth Administrator",
        who=Who.POWERSERVER,
    ),
    Prerequisite.ISSUER_UNDER_MASTER: Words(
        phase="P5",
        pt="O emissor do ID do paciente existe abaixo da organização Master no OmegaAI.",
        en="The issuer of patient ID exists under the Master organization in OmegaAI.",
        fix_pt="Crie o emissor na Master, com exatamente o mesmo texto do PowerServer.",
        fix_en="Create the issuer at the Master, with exactly PowerServer's text.",
        screen=f"{_ORGANIZATIONS}, the Master organization",
        who=Who.OMEGAAI,
    ),
    Prerequisite.ISSUER_IN_OMEGAAI: Words(
        phase="P5",
        pt="Os pacientes do OmegaAI trazem o emissor desta organização.",
        en="Patients in OmegaAI carry this organization's issuer.",
        fix_pt="Escreva em `omegaai.issuers` que sistema de identificador corresponde ao emissor.",
        fix_en="Write into `omegaai.issuers` which identifier system stands for the issuer.",
        screen=_ORGANIZATIONS,
        who=Who.OPERATOR,
    ),
    Prerequisite.ISSUER_IN_POWERSERVER: Words(
        phase="P5",
        pt="Os exames do PowerServer trazem o emissor desta organização (0010,0021).",
        en="Studies in PowerServer carry this organization's issuer (0010,0021).",
        fix_pt="Preencha Issuer of Patient ID da unidade; vazio é outro paciente.",
        fix_en="Fill in the facility's Issuer of Patient ID; empty means another patient.",
        screen=_FACILITIES,
        who=Who.POWERSERVER,
    ),
    Prerequisite.PRIORITY_LABEL: Words(
        phase="P5",
        pt="A prioridade com que o Blume pede existe no PowerServer, letra por letra.",
        en="The priority of Blume's requests exists in PowerServer, letter by letter.",
        fix_pt="Acrescente-a como administrador do PowerReader; sem ponto no fim.",
        fix_en="Add it as an administrator of PowerReader; without a full stop.",
        screen="PowerServer: Settings > Server Settings > Priority",
        who=Who.POWERSERVER,
    ),
}
