"""Peers put people's words where codes belong; none of them gets into an error."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from accord.adapters.errors import PeerError, Rejected
from accord.adapters.fhir import FhirClient
from accord.adapters.fhir_outcomes import refusals, refuse_outcome
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
        pytest.param([_issue("processing", "PS-0404")], ["processing"], id="the peer's own"),
        pytest.param([_issue("value", "QZ7731001")], ["value"], id="a patient's"),
        pytest.param([_issue("value", "4711")], ["value"], id="a short number"),
        pytest.param(
            [_issue("4711", "4711", "AB-4711")], ["other"], id="a short number everywhere"
        ),
        pytest.param([_issue("value", "MSG_ANA_SILVA")], ["value"], id="a name like a message's"),
        pytest.param(
            [_issue("deleted", "4711", "MSG_DELETED")], ["deleted", "MSG_DELETED"], id="between"
        ),
        pytest.param([_issue("SILVA"), _issue("SILVA", "ANA")], ["other"], id="a name"),
        pytest.param([{"severity": "warning", "code": "not-found"}], [], id="no refusal"),
    ],
)
def test_an_outcome_tells_codes_that_can_be_nobodys_name(
    issues: list[dict[str, Any]], told: list[str]
) -> None:
    """Closed lists only: an unknown issue type is 'other', so that it is still a refusal."""
    assert refusals({"resourceType": "OperationOutcome", "issue": issues}) == told


NUMBERED = {"resourceType": "OperationOutcome", "issue": [_issue("4711", "4711", "MR-4711")]}


@pytest.mark.parametrize("status", ["403 Forbidden", "422 Unprocessable Entity", "500 Oh"])
async def test_a_patients_short_number_gets_into_no_error(status: str) -> None:
    """A peer that answers with it in every place for a code: not in the text, not in the code."""
    with a_stranger(http(json.dumps(NUMBERED), "application/fhir+json", status)) as port:
        async with open_http(read_only=True) as wired:
            client = FhirClient(f"http://127.0.0.1:{port}/fhir", wired)
            with pytest.raises(PeerError) as failed:
                await client.capability()
    assert "other" in failed.value.code
    assert "4711" not in f"{failed.value} {failed.value!r} {failed.value.args}"


def test_nor_does_it_where_the_answer_looks_like_a_success() -> None:
    """200 with an outcome that says no is a refusal, with the same silence."""
    with pytest.raises(Rejected) as failed:
        refuse_outcome(NUMBERED, "GET Patient")
    assert failed.value.code == "other"
    assert "4711" not in f"{failed.value!r}"


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
