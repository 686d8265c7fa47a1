import re
from dataclasses import dataclass

import httpx

_LITERAL = re.compile(
    r"^(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(/_history/(?P<version>[^/?#]+))?$"
)


@dataclass(frozen=True)
class Reference:
    """A literal reference to a resource on the server it was read from."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


def same_origin(url: httpx.URL, other: httpx.URL) -> bool:
    """Tell whether scheme, host and port agree: the only place our token may go."""
    return _origin(url) == _origin(other)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def local_reference(value: str, base: httpx.URL) -> Reference | None:
    """
    Read `Type/id`, relative or absolute beneath `base`; None for anything else.

    A version in the reference is dropped: who refers to a patient means the patient.
    """
    if "://" in value:
        root = str(base).rstrip("/") + "/"
        if not value.startswith(root):
            return None
        value = value[len(root) :]
    match = _LITERAL.match(value)
    return Reference(match["type"], match["id"]) if match else None
