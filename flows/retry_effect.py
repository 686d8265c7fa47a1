from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Key, Organization, Who, Why
from tasks.people import replan_effect
from tasks.reports import conclude_one


@flow(name="retry-effect", flow_run_name="retry-effect/{organization}/{key}", persist_result=False)
def retry_effect(organization: Organization, key: Key, who: Who, why: Why) -> State[Any]:
    """
    Try once more what was rejected or parked; a person has looked, and it is not there.

    Tenta de novo o que foi recusado ou estacionado; uma pessoa verificou que não está lá.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        key: The effect's key, from the report. A chave do efeito, do relatório.
        who: Who decides; declared, since this server knows no users. Quem decide.
        why: The reason, without any patient's data. O motivo, sem dados de pacientes.
    """
    return conclude_one(replan_effect(organization, key, who, why))
