from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """
    The base of every record: frozen, strict about its fields, silent about its values.

    `hide_input_in_errors` is a privacy rule: pydantic otherwise quotes the offending value,
    and Prefect stores exception texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
