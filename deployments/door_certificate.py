"""Telling a genuine parity certificate, on any machine: it asks no server and no ledger."""

from collections.abc import Callable

from accord.setup.signing import verified


def tell_certificate(content: bytes, key: str, say: Callable[[str], None]) -> None:
    """
    Say what a certificate certifies, if it is genuine.

    Raises:
        NotGenuine: it is none, was changed, or is signed by another key than `key`.
    """
    signed = verified(content, key)
    certificate = signed.certificate
    say(f"genuine: {certificate.name} ({certificate.organization}), {certificate.issued_at} UTC")
    for each in certificate.collections:
        say(f"  {each.side} {each.name}: {each.count}, sha256 {each.digest}")
    say(f"  accepted differences: {len(certificate.accepted)}")
    say(f"  attested by people: {len(certificate.attested)}; seen: {certificate.observed}")
    for plan in certificate.approved:
        say(f"  plan {plan.plan} approved by {plan.who} (declared)")
    say(f"  by {certificate.tool}")
    if not key:
        say(f"signed by the key {signed.public_key}; is that the site's? give it with --key")
