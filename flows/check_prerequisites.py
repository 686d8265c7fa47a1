from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Organization
from tasks.prerequisite_reports import conclude_prerequisites, report_prerequisites
from tasks.prerequisites import (
    ask_for_words,
    judge_prerequisites,
    observe_omegaai_set_up,
    observe_powerserver_traits,
    try_connections,
)
from tasks.turns import in_turn


@flow(
    name="check-prerequisites",
    flow_run_name="check-prerequisites/{organization}",
    persist_result=False,
)
@in_turn("check-prerequisites")
def check_prerequisites(organization: Organization) -> State[Any]:
    """
    Say what is missing before an organization can be set up, who can mend it, and where.

    It reads, and changes nothing at any system. What no system shows it asks of people.

    Diz o que falta antes de configurar uma organização, quem pode corrigir e onde. Só lê; o que
    nenhum sistema mostra, pergunta às pessoas.

    Args:
        organization: Short name of the organization. Nome curto da organização.
    """
    connections = try_connections(organization)
    omegaai = observe_omegaai_set_up(organization)
    traits = observe_powerserver_traits(organization)
    checks = judge_prerequisites(organization, connections, omegaai, traits)
    tasks = ask_for_words(organization, checks)
    report_prerequisites(organization, checks, tasks)
    return conclude_prerequisites(checks)
