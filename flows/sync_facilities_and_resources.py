from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Organization
from tasks.parity_reports import conclude_parity, report_parity
from tasks.resources import (
    ask_for_changes,
    compare_resources,
    observe_omegaai_resources,
    observe_powerserver_resources,
)
from tasks.turns import in_turn


@flow(
    name="sync-facilities-and-resources",
    flow_run_name="sync-facilities-and-resources/{organization}",
    persist_result=False,
)
@in_turn("sync-facilities-and-resources")
def sync_facilities_and_resources(
    organization: Organization, fewer_is_right: bool = False
) -> State[Any]:
    """
    Compare the resources of PowerServer and OmegaAI, and hand people each change to make.

    It changes neither system. A card is closed when the two agree, and opened again when what is
    seen later does not agree with what was said.

    Compara os recursos do PowerServer e do OmegaAI e entrega às pessoas cada mudança a fazer. Não
    altera nenhum dos dois sistemas.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        fewer_is_right: A side shows less than half of what it showed, and that is right. Um lado
            mostra menos da metade do que mostrava, e está certo.
    """
    grids = observe_powerserver_resources(organization)
    services = observe_omegaai_resources(organization)
    parity = compare_resources(organization, grids, services, fewer_is_right)
    cards = ask_for_changes(organization, grids, parity)
    report_parity(organization, parity, cards)
    return conclude_parity(parity)
