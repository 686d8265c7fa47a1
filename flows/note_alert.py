from prefect import flow

from tasks.alerts import note


@flow(name="note-alert", flow_run_name="note-alert/{condition}", persist_result=False)
def note_alert(condition: str, state: str, run: str) -> str:
    """
    Open the alert of a condition, or close it, by the state that a run ended in.

    Started by automations. An alert that is open stays one alert however often the run fails.

    Abre o alerta de uma condição, ou o fecha, conforme o estado em que uma execução terminou.
    Iniciado pelas automações. Um alerta aberto continua um só, por mais que a execução falhe.

    Args:
        condition: Name of what fails, such as relay-forms/lakeside. Nome do que falha.
        state: Name of the state the run ended in. Nome do estado em que a execução terminou.
        run: Id of the run. Identificador da execução.
    """
    return note(condition, state, run)
