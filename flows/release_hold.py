from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Key, Organization, Who, Why
from tasks.people import release_effect
from tasks.reports import conclude_one


@flow(name="release-hold", flow_run_name="release-hold/{organization}/{key}", persist_result=False)
def release_hold(organization: Organization, key: Key, who: Who, why: Why) -> State[Any]:
    """
    Release one held form: the rule that held it was wrong, or the cause has been mended.

    Libera um formulário retido: a regra se enganou ou a causa foi corrigida.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        key: The effect's key, from the report. A chave do efeito, do relatório.
        who: Who decides; declared, since this server knows no users. Quem decide.
        why: The reason, without any patient's data. O motivo, sem dados de pacientes.
    """
    return conclude_one(release_effect(organization, key, who, why))
