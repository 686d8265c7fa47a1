from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Key, Organization, Who, Why
from tasks.people import attest_effect
from tasks.reports import conclude_one


@flow(name="done-by-hand", flow_run_name="done-by-hand/{organization}/{key}", persist_result=False)
def done_by_hand(organization: Organization, key: Key, who: Who, why: Why) -> State[Any]:
    """
    Say that a person has done by hand what this effect was meant to do.

    Declara que uma pessoa já fez manualmente o que se pretendia.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        key: The effect's key, from the report. A chave do efeito, do relatório.
        who: Who decides; declared, since this server knows no users. Quem decide.
        why: The reason, without any patient's data. O motivo, sem dados de pacientes.
    """
    return conclude_one(attest_effect(organization, key, who, why))
