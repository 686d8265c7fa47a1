"""HTTP statuses and OperationOutcomes as the four errors. Codes only: texts may name patients."""

import json

import httpx

from accord.adapters.errors import Malformed, PeerError, Phase, Rejected, Unavailable, Uncertain
from accord.adapters.fhir_elements import JsonObject, Misshapen, codes, objects, text
from accord.adapters.fhir_outcome_codes import DETAILS, ISSUE_TYPES
from accord.adapters.http import retry_after_s

BUSY = frozenset({408, 425, 429, 503})
REFUSED = {"error", "fatal"}
OTHER = "other"


def raise_for(response: httpx.Response, *, writes: bool, what: str) -> None:
    """Raise the error that a status calls for; return for a success."""
    if response.status_code < httpx.codes.MULTIPLE_CHOICES:
        return
    raise error_of(response, writes=writes, what=what)


def error_of(response: httpx.Response, *, writes: bool, what: str) -> PeerError:
    """Name an answer that is no success."""
    status = response.status_code
    code = " ".join([str(status), *_codes_in(response)])
    if status in BUSY:
        text_ = f"{what}: the peer is busy"
        return Unavailable(text_, Phase.PROCESS, code, retry_after_s(response))
    if status in {401, 403}:
        return Rejected(
            f"{what}: our token is refused; check scopes, and that `fhir_base` is what the "
            f"token is for",
            Phase.AUTHENTICATE,
            code,
        )
    if status < httpx.codes.BAD_REQUEST:
        return Malformed(
            f"{what}: the peer sends us elsewhere; set `fhir_base` to the address it really has",
            Phase.PROCESS,
            code,
        )
    if status < httpx.codes.INTERNAL_SERVER_ERROR:
        return Rejected(f"{what}: the peer refuses it", Phase.PROCESS, code)
    if writes:
        return Uncertain(f"{what}: the peer failed after it was sent", Phase.PROCESS, code)
    return Unavailable(f"{what}: the peer failed", Phase.PROCESS, code, retry_after_s(response))


def refusals(outcome: JsonObject) -> list[str]:
    """
    Give the codes of an OperationOutcome's issues that say no.

    Only published codes: a peer may write a patient's name or number in their place. An unknown
    issue type is 'other', so that it is still a refusal; an unknown detail is left out.
    """
    found = []
    for issue in objects(outcome, "issue"):
        if text(issue, "severity") in REFUSED:
            details = issue.get("details")
            named = codes(details) if isinstance(details, dict) else []
            code = text(issue, "code")
            found.append(code if code in ISSUE_TYPES else OTHER)
            found += [each for each in named if each in DETAILS]
    return list(dict.fromkeys(found))


def json_of(response: httpx.Response, what: str) -> JsonObject:
    """
    Give the answer's resource.

    Raises:
        Malformed: it is not JSON, or not FHIR's.
    """
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if "html" in kind or response.content[:15].lstrip().lower().startswith(
        (b"<!doctype", b"<html")
    ):
        raise Malformed(
            f"{what}: a web page came instead of FHIR; is there a proxy or a login page at "
            f"`fhir_base`?",
            Phase.PROCESS,
        )
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        raise Malformed(
            f"{what}: the answer is not JSON; `fhir_base` must be a FHIR R4 server that answers "
            f"application/fhir+json",
            Phase.PROCESS,
        ) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("resourceType"), str):
        raise Malformed(
            f"{what}: the answer is JSON but not FHIR; check the path of `fhir_base`", Phase.PROCESS
        )
    return answer


def refuse_outcome(answer: JsonObject, what: str) -> None:
    """Raise Rejected for a success that is an OperationOutcome saying no (HTTP 200 or not)."""
    if answer["resourceType"] != "OperationOutcome":
        return
    try:
        found = refusals(answer)
    except Misshapen:
        raise Malformed(f"{what}: the outcome cannot be understood", Phase.PROCESS) from None
    if found:
        raise Rejected(f"{what}: the peer refuses it", Phase.PROCESS, " ".join(found))


def _codes_in(response: httpx.Response) -> list[str]:
    try:
        return refusals(json.loads(response.content))
    except (ValueError, AttributeError, Misshapen, RecursionError):
        return []
