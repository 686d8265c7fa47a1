"""Telling "deleted" from "not shown to us": what a search does not find may still be there."""

import httpx

from accord.adapters.errors import Phase, Rejected
from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    child,
    id_of,
    last_updated_of,
    objects,
    text,
    version_of,
)
from accord.adapters.fhir_outcomes import json_of, raise_for, refuse_outcome
from accord.adapters.fhir_reader import GONE, FhirReader
from accord.adapters.fhir_references import Reference


class NotFound(Rejected):
    """Not to be found, and nothing proves that it was deleted."""


async def look_up(client: FhirReader, reference: Reference) -> JsonObject | None:
    """
    Read a resource that a search did not show; None only where it is proven deleted.

    Proof is 410 Gone, or 404 together with a history that ends in a deletion: a server may answer
    404 for whatever our account may not see. As in `read_many`, an empty object stands for one
    that is there and cannot be understood.

    Raises:
        NotFound: 404, and no such proof.
        NotOffered: the server does not let resources of this type be read by id.

    Source: FHIR R4 http.html#read, http.html#history
    """
    await client.require(reference.type, "read")
    what = f"GET {reference.type}"
    response = await client.send("GET", str(reference), what)
    if response.status_code == httpx.codes.GONE:
        return None
    if response.status_code == httpx.codes.NOT_FOUND:
        if await _ends_in_a_deletion(client, reference):
            return None
        raise NotFound(f"{what}: not found, nor proven deleted", Phase.PROCESS, "404")
    raise_for(response, writes=False, what=what)
    answer = json_of(response, what)
    refuse_outcome(answer, what)
    return answer if _is_understood(answer, reference) else {}


async def _ends_in_a_deletion(client: FhirReader, reference: Reference) -> bool:
    """Say whether the history, newest first, begins with a deletion; False where it is untold."""
    if not (await client.capability()).offers(reference.type, "history-instance"):
        return False
    what = f"GET {reference.type} history"
    response = await client.send("GET", f"{reference}/_history", what)
    if response.status_code in GONE:
        return False
    raise_for(response, writes=False, what=what)
    try:
        entries = objects(json_of(response, what), "entry")
        newest = entries[0] if entries else {}
        return text(child(newest, "request"), "method") == "DELETE" and "resource" not in newest
    except Misshapen:
        return False


def _is_understood(answer: JsonObject, reference: Reference) -> bool:
    try:
        version_of(answer)
        last_updated_of(answer)
        return (answer["resourceType"], id_of(answer)) == (reference.type, reference.id)
    except Misshapen:
        return False
