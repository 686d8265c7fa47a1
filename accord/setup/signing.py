"""Signing a parity certificate, and telling a genuine one from any other."""

import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from accord.domain.certificates import Certificate, SignedCertificate

_PURPOSE = b"accord: parity certificate, Ed25519"
LARGEST_FILE = 4 * 1024 * 1024  # bytes; the certificate of a large network is far below


class NotGenuine(Exception):
    """A file is no certificate, or not as it was signed, or signed by another key."""


def public_key_of(site_key: bytes) -> str:
    """Give the key that proves a site's certificates, in hexadecimal; it is no secret."""
    return _private(site_key).public_key().public_bytes_raw().hex()


def sign(certificate: Certificate, site_key: bytes) -> SignedCertificate:
    """Sign with the key that only this site's key gives."""
    return SignedCertificate(
        certificate=certificate,
        public_key=public_key_of(site_key),
        signature=_private(site_key).sign(certificate.to_bytes()).hex(),
    )


def verified(content: bytes, public_key: str = "") -> SignedCertificate:
    """
    Give the certificate that a file holds, if it is as it was signed.

    Args:
        public_key: the site's, known by another way; '' proves only that the file is whole, by
            the key that it carries itself.

    Raises:
        NotGenuine: says which of all that it is not.
    """
    signed = _read(content)
    if public_key and signed.public_key != public_key.strip().lower():
        raise NotGenuine("it is signed by another key than the one given")
    if signed.algorithm != "Ed25519":
        raise NotGenuine("`algorithm` is not Ed25519")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
        key.verify(bytes.fromhex(signed.signature), signed.certificate.to_bytes())
    except (InvalidSignature, ValueError):  # ValueError: what stands there is no key
        raise NotGenuine("it was changed after it was signed") from None
    return signed


def _read(content: bytes) -> SignedCertificate:
    if len(content) > LARGEST_FILE:
        raise NotGenuine("it is too large for a certificate")
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        raise NotGenuine("it is no JSON: give the .json file, not the .pdf") from None
    try:
        return SignedCertificate.model_validate(given, strict=False)
    except ValidationError as error:
        first = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise NotGenuine(f"it is no parity certificate: see `{first or 'the top'}`") from None


def _private(site_key: bytes) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(site_key)
    return Ed25519PrivateKey.from_private_bytes(seed)
