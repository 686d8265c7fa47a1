from prefect import flow

from tasks.alerts import note_failure
from tasks.parameters import RunId


@flow(name="note-alert", flow_run_name="note-alert/{run}", persist_result=False)
def note_alert(run: RunId) -> str:
    """
    Open the alert of a process that failed; it is closed when the process completes again.

    Started by an automation. An alert that is open stays one alert however often the run fails.

    Abre o alerta de um processo que falhou; ele se fecha quando o processo volta a completar.
    Iniciado por uma automação. Um alerta aberto continua um só, por mais que a execução falhe.

    Args:
        run: Id of the run that failed. Identificador da execução que falhou.
    """
    return note_failure(run)
