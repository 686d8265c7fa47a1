"""The parity certificate: what both systems showed, who agreed to what, under one signature."""

import json
from datetime import date

from pydantic import AwareDatetime, Field

from accord.domain.base import Record
from accord.domain.identifiers import Digest

CERTIFICATE_VERSION = 1


class CollectionSeen(Record):
    """One collection as one side showed it, in a count and a digest."""

    name: str
    side: str
    count: int = Field(ge=0)
    digest: Digest
    """SHA-256 of its rows, sorted, in the columns that were compared; equal for equal rows."""


class Accepted(Record):
    """A difference that the site accepts, until a day."""

    facility: str
    resource: str
    finding: str
    reason: str
    until: date


class AttestedWord(Record):
    """What a person said is so, and nobody has seen on the wire."""

    task: str
    kind: str
    who: str
    """As declared: this server knows no users."""
    at: AwareDatetime


class ApprovedPlan(Record):
    """A plan that a person approved, as declared, and its digest."""

    plan: str
    digest: str
    who: str
    at: AwareDatetime


class Certificate(Record):
    """What is certified: PowerServer and OmegaAI show the same, but for what is named here."""

    version: int = CERTIFICATE_VERSION
    organization: str
    name: str
    issued_at: AwareDatetime
    tool: str
    """Name and version of what compared them."""
    collections: tuple[CollectionSeen, ...]
    accepted: tuple[Accepted, ...] = ()
    attested: tuple[AttestedWord, ...] = ()
    observed: int = Field(default=0, ge=0)
    """Human tasks that the wire has shown to be done."""
    approved: tuple[ApprovedPlan, ...] = ()

    def to_bytes(self) -> bytes:
        """Give the bytes that are signed: JSON with sorted keys and nothing between them."""
        content = self.model_dump(mode="json")
        return json.dumps(
            content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()


class SignedCertificate(Record):
    """A certificate with its signature, as the file holds it."""

    certificate: Certificate
    algorithm: str = "Ed25519"
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")
