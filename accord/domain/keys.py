import base64
import hashlib
import hmac

from accord.domain.identifiers import EffectKey

KEY_LENGTH = 20  # MSH-10 holds 20 characters in 2.3.1; 100 bits of base32


def effect_key(site_key: bytes, *, subject: str, intent: str, occasion: str) -> EffectKey:
    """
    Name an effect by what it is about, what it means to change, and what called for it.

    Never by when or where we ran, so that a second run meets the first run's row.
    """
    return EffectKey(opaque(site_key, "effect", subject, intent, occasion))


def opaque(site_key: bytes, *parts: str) -> str:
    """Give a 20-character name that only this site's key can make from `parts`."""
    message = b"\x1f".join(part.encode() for part in parts)
    digest = hmac.new(site_key, message, hashlib.sha256).digest()
    return base64.b32encode(digest).decode()[:KEY_LENGTH]
