from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Organization
from tasks.reports import conclude_retention
from tasks.retention import retire_effects
from tasks.turns import in_turn


@flow(name="forget-old", flow_run_name="forget-old/{organization}", persist_result=False)
@in_turn("forget-old")
def forget_old(organization: Organization) -> State[Any]:
    """
    Forget what the site keeps no longer: ids of forms that were over long ago.

    Key and digest stay, so that nothing is ever sent again.

    Esquece o que o site não guarda mais: identificadores de formulários encerrados há muito tempo.

    Args:
        organization: Short name of the organization. Nome curto da organização.
    """
    return conclude_retention(retire_effects(organization))
