"""Scopes asked and granted, in SMART's two spellings and in plain ones."""

from collections.abc import Sequence

V1 = {"read": "rs", "write": "cud", "*": "cruds"}


def missing_scopes(asked: Sequence[str], granted: str | None) -> list[str]:
    """
    List the asked scopes that the granted ones do not cover.

    A token answer without a scope grants what was asked (RFC 6749, 5.1). `…/.default` stands
    for whatever an administrator has set (Microsoft) and is not compared.
    """
    if granted is None:
        return []
    have = granted.split()
    return [
        scope for scope in asked if not scope.endswith("/.default") and not _covered(scope, have)
    ]


def _covered(asked: str, granted: Sequence[str]) -> bool:
    if asked in granted:
        return True
    wanted = _parts(asked)
    if wanted is None:
        return False
    context, kind, letters = wanted
    have = {
        letter
        for parts in map(_parts, granted)
        if parts is not None and parts[0] == context and parts[1] in {"*", kind}
        for letter in parts[2]
    }
    return set(letters) <= have


def _parts(scope: str) -> tuple[str, str, str] | None:
    """Take `system/Patient.rs` apart; v1's `read` and `write` are v2's `rs` and `cud`."""
    context, slash, rest = scope.partition("/")
    kind, dot, permissions = rest.partition(".")
    if not slash or not dot or "?" in permissions:
        return None  # a scope with a filter covers only itself
    letters = V1.get(permissions, permissions)
    return (context, kind, letters) if letters and set(letters) <= set("cruds") else None
