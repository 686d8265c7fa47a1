from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import AwareDatetime

from tasks.documents import deliver_documents, observe_documents, verify_documents
from tasks.forms import observe_submissions, plan_relays, screen_submissions
from tasks.parameters import Organization
from tasks.reports import conclude, report_relay
from tasks.turns import in_turn


@flow(name="relay-forms", flow_run_name="relay-forms/{organization}", persist_result=False)
@in_turn("relay-forms")
def relay_forms(
    organization: Organization,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    dry_run: bool = False,
) -> State[Any]:
    """
    Relay the forms that patients submitted in Blume and PowerServer does not hold yet.

    Run it as often as you like: a form already relayed is not sent again. A form that fails
    never stops the others; it is named in the report, by its opaque key.

    Leva ao PowerServer os formulários enviados no Blume que ainda não estão lá. Pode ser
    executado de novo a qualquer momento: nada é enviado duas vezes.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        since: Only what changed after this moment; empty: since the last complete run.
            Somente o que mudou depois deste momento; vazio: desde a última execução completa.
        until: Only what changed before this moment; empty: now. Vazio: agora.
        dry_run: Show what would be done and write nothing. Mostra o que seria feito, sem gravar.
    """
    observed = observe_submissions(organization, since, until, dry_run)
    screened = screen_submissions(organization, observed)
    looked = observe_documents(organization, screened)
    plan = plan_relays(organization, observed, screened, looked, dry_run)
    deliver_documents(organization, plan)
    verify_documents(organization, plan)
    return conclude(report_relay(organization, observed, screened, plan))
