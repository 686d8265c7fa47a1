from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.certificates import conclude_certificate, issue_certificate, report_certificate
from tasks.parameters import Organization
from tasks.resources import (
    compare_resources,
    observe_omegaai_resources,
    observe_powerserver_resources,
)
from tasks.turns import in_turn


@flow(name="certify-parity", flow_run_name="certify-parity/{organization}", persist_result=False)
@in_turn("certify-parity")
def certify_parity(organization: Organization) -> State[Any]:
    """
    Compare both systems once more, and sign what was seen if they are alike.

    It changes neither system. Where they differ, or not all could be compared, it fails and signs
    nothing.

    Compara os dois sistemas mais uma vez e, se forem iguais, assina o que foi visto. Onde diferem,
    falha e não assina nada.

    Args:
        organization: Short name of the organization. Nome curto da organização.
    """
    grids = observe_powerserver_resources(organization)
    services = observe_omegaai_resources(organization)
    parity = compare_resources(organization, grids, services, fewer_is_right=False)
    signed = issue_certificate(organization, grids, services, parity)
    report_certificate(organization, signed)
    return conclude_certificate(signed)
