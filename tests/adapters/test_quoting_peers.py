"""Peers put people's words where codes belong; none of them gets into an error."""

from typing import Any

import pytest
from pydantic import SecretStr

from accord.adapters.errors import Rejected
from accord.adapters.fhir_outcomes import refusals
from accord.adapters.http import open_http
from accord.adapters.oauth import Credentials, TokenSource
from accord.domain.wires import OAuthWire
from tests.spec.strangers import a_stranger, http


def _issue(code: str, *details: str) -> dict[str, Any]:
    codings = [{"code": each} for each in details]
    return {"severity": "error", "code": code, "details": {"coding": codings}}


@pytest.mark.parametrize(
    ("issues", "told"),
    [
        pytest.param([_issue("not-found")], ["not-found"], id="FHIR's own code"),
        pytest.param([_issue("value", "MSG_NO_MATCH")], ["value", "MSG_NO_MATCH"], id="MSG"),
        pytest.param([_issue("processing", "PS-0404")], ["processing", "PS-0404"], id="a number"),
        pytest.param([_issue("value", "QZ7731001")], ["value", "other"], id="a patient's"),
        pytest.param([_issue("SILVA"), _issue("SILVA", "ANA")], ["other"], id="a name"),
        pytest.param([{"severity": "warning", "code": "not-found"}], [], id="no refusal"),
    ],
)
def test_an_outcome_tells_codes_that_can_be_nobodys_name(
    issues: list[dict[str, Any]], told: list[str]
) -> None:
    """Closed sets only; whatever else stands there is told as 'other', so it is still a refusal."""
    assert refusals({"resourceType": "OperationOutcome", "issue": issues}) == told


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param('"invalid_scope"', "invalid_scope", id="RFC 6749's"),
        pytest.param('"Ana Silva is locked"', "400", id="a sentence"),
        pytest.param('["invalid_client"]', "400", id="no text at all"),
    ],
)
async def test_a_token_endpoint_is_quoted_only_in_the_words_of_its_rfc(
    error: str, code: str
) -> None:
    """Else the status stands in their place."""
    answer = http(f'{{"error": {error}}}', "application/json", "400 Bad Request")
    with a_stranger(answer) as port:
        wire = OAuthWire.model_validate(
            {"token_url": f"http://127.0.0.1:{port}/t", "client_id": "accord"}
        )
        async with open_http(read_only=True, token_url=str(wire.token_url)) as wired:
            with pytest.raises(Rejected) as refused:
                await TokenSource(wire, Credentials(secret=SecretStr("x")), wired).token()
    assert refused.value.code == code
