from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.parameters import Organization, Who, Why
from tasks.people import switch_mode
from tasks.reports import conclude_mode


@flow(name="set-mode", flow_run_name="set-mode/{organization}/{mode}", persist_result=False)
def set_mode(
    organization: Organization,
    mode: Literal["watch", "back-up", "deliver"],
    who: Who,
    why: Why,
    process: Literal["relay-forms", "onboard-organization", "accept-site"] = "relay-forms",
) -> State[Any]:
    """
    Set what Accord may do for one organization; `watch` is the kill switch, at once.

    Define o que o Accord pode fazer; `watch` interrompe toda gravação imediatamente.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        mode: watch writes nothing; back-up moves only what the vendor left out after the
            grace time; deliver moves everything. watch não grava nada; back-up leva só o que
            faltou; deliver leva tudo.
        who: Who decides; declared, since this server knows no users. Quem decide.
        why: The reason, without any patient's data. O motivo, sem dados de pacientes.
        process: Which process. Qual processo.
    """
    return conclude_mode(switch_mode(organization, process, mode, who, why))
