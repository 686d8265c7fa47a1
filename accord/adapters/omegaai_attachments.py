import base64
import binascii
import hashlib
import re

import httpx

from accord.adapters.fhir_elements import JsonObject, Misshapen, child, objects, text
from accord.adapters.fhir_outcomes import json_of
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import same_origin

ACCEPT = "application/fhir+json, application/pdf;q=0.5"
PDF = "application/pdf"
_RELATIVE = re.compile(r"^[A-Za-z][A-Za-z0-9]*/[A-Za-z0-9\-.]+$")


class Differs(Exception):
    """The bytes are not those that the attachment declares."""


async def attached_bytes(client: FhirReader, document: JsonObject) -> bytes | None:
    """
    Fetch the bytes of a DocumentReference's first attachment.

    They stand in it, or behind a URL on our own origin. None where there is no attachment, where
    it is gone, or where it is on another origin, to which our token never goes.

    Raises:
        Misshapen: the attachment cannot be understood.
        Differs: its size or hash is not the declared one.
    """
    attachment = attachment_of(document)
    inline, url = text(attachment, "data"), text(attachment, "url")
    if inline:
        content: bytes | None = _decoded(inline)
    elif url:
        content = await _fetched(client, url)
    else:
        content = None
    if content is not None:
        _compare(attachment, content)
    return content


def attachment_of(document: JsonObject) -> JsonObject:
    """
    Give the attachment that is the form, empty where there is none.

    FHIR lets a document stand in several formats; of two PDFs nobody can say which is the form.

    Raises:
        Misshapen: there are several PDFs.
    """
    attachments = [child(each, "attachment") for each in objects(document, "content")]
    pdfs = [each for each in attachments if text(each, "contentType").lower().startswith(PDF)]
    if len(pdfs) > 1:
        raise Misshapen("content")
    return (pdfs or attachments or [{}])[0]


async def _fetched(client: FhirReader, url: str) -> bytes | None:
    try:
        if not _RELATIVE.match(url):
            where = client.base.join(url)
            if not same_origin(where, client.base):
                return None
            url = str(where)
        httpx.URL(f"{client.base}{url}" if "://" not in url else url)
    except (httpx.InvalidURL, ValueError):  # ValueError: no name, or no text at all
        raise Misshapen("attachment.url") from None
    if url.removeprefix(str(client.base)).startswith("Binary/"):
        await client.require("Binary", "read")
    response = await client.fetch(url, "GET attachment", ACCEPT)
    return None if response is None else _content_of(response)


def _content_of(response: httpx.Response) -> bytes:
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if not kind.endswith("json") and "html" not in kind:
        return response.content
    binary = json_of(response, "GET attachment")
    if binary["resourceType"] != "Binary":
        raise Misshapen("Binary")
    return _decoded(text(binary, "data"))


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Misshapen("attachment.data") from None


def _compare(attachment: JsonObject, content: bytes) -> None:
    size, digest = attachment.get("size"), text(attachment, "hash")
    if isinstance(size, int) and size != len(content):
        raise Differs("size")
    sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
    if digest and digest != base64.b64encode(sha1).decode():
        raise Differs("hash")  # FHIR R4 Attachment.hash is SHA-1, base64
