from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Key, Organization, Who, Why
from tasks.people import attest_human_task
from tasks.reports import conclude_task


@flow(name="attest-task", flow_run_name="attest-task/{organization}/{task}", persist_result=False)
def attest_task(organization: Organization, task: Key, who: Who, why: Why) -> State[Any]:
    """
    Say that a human task is done: an old version retired, a doubled document removed.

    Declara que uma tarefa está feita: versão antiga retirada, cópia repetida removida.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        task: The task, from the report. A tarefa, do relatório.
        who: Who did it; declared, since this server knows no users. Quem a fez.
        why: What was seen, without any patient's data. O que se viu, sem dados de pacientes.
    """
    return conclude_task(attest_human_task(organization, task, who, why))
