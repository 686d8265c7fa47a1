from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.acceptance import let_walk, walk_site
from tasks.acceptance_reports import conclude_acceptance, report_acceptance
from tasks.parameters import Organization, Who
from tasks.turns import in_turn


@flow(name="accept-site", flow_run_name="accept-site/{organization}", persist_result=False)
@in_turn("accept-site")
def accept_site(organization: Organization, who: Who | None = None) -> State[Any]:
    """
    Find out what a site's PowerServer really takes, with a synthetic patient and a person watching.

    Without `who` it only looks, and says how far the walk has come. With it every route is tried
    once, and each is read back by another way; then a person looks and says so with attest-task,
    and the next run takes back what it filed. What the organization file should say is proposed.

    Descobre o que o PowerServer do local realmente aceita, com um paciente sintético e uma pessoa
    observando. Sem `who` só olha; com ele tenta cada rota uma vez e confere lendo de volta.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        who: Who watches the walk; declared, since this server knows no users. Quem acompanha.
    """
    let_walk(organization, who)
    accepted = walk_site(organization, writes=who is not None)
    report_acceptance(organization, accepted)
    return conclude_acceptance(accepted)
