"""TLS of the HL7 wire from PEM texts: secrets live in blocks and never touch the disk."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager


class UnusableKeyMaterial(Exception):
    """A PEM text is no certificate or key, or key and certificate do not belong together."""


def client_context(
    *, ca_pem: str = "", certificate_pem: str = "", key_pem: str = ""
) -> ssl.SSLContext:
    """
    Make the context with which we call a listener.

    Args:
        ca_pem: who may sign the listener's certificate; '' takes the machine's authorities.
        certificate_pem: our own certificate, where the listener wants one.
        key_pem: its key.

    Raises:
        UnusableKeyMaterial: a text cannot be used.
    """
    try:
        context = ssl.create_default_context(cadata=ca_pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise UnusableKeyMaterial("`ca_pem` holds no certificate") from error
    if certificate_pem:
        _load(context, certificate_pem, key_pem)
    return context


def server_context(
    *, certificate_pem: str, key_pem: str, client_ca_pem: str = ""
) -> ssl.SSLContext:
    """
    Make the context with which our listener answers.

    Args:
        certificate_pem: the listener's certificate.
        key_pem: its key.
        client_ca_pem: who may sign callers' certificates; '' asks callers for none.

    Raises:
        UnusableKeyMaterial: a text cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, certificate_pem, key_pem)
    if client_ca_pem:
        try:
            context.load_verify_locations(cadata=client_ca_pem)
        except (ssl.SSLError, ValueError) as error:
            raise UnusableKeyMaterial("`client_ca_pem` holds no certificate") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load(context: ssl.SSLContext, certificate_pem: str, key_pem: str) -> None:
    try:
        with _in_memory(certificate_pem) as certificate, _in_memory(key_pem) as key:
            context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise UnusableKeyMaterial(
            "`certificate_pem` and `key_pem` are no certificate with its key"
        ) from error


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    # OpenSSL wants a path; this one leads to memory and closes with us.
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
