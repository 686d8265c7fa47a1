"""What a filed document is called in PowerServer's Document Viewer."""

from collections.abc import Iterator
from datetime import datetime

from accord.domain.forms import FormKind

TITLE_LIMIT = 72
"""Characters of a title: OBX-3 holds 80 in 2.3.1, with the identifier beside it."""

_LABELS = {
    "pt-BR": {FormKind.REGISTRATION: "Cadastro", FormKind.CLINICAL: "Clínico"},
    "en-US": {FormKind.REGISTRATION: "Registration", FormKind.CLINICAL: "Clinical"},
}
_REPLACES = {"pt-BR": "substitui", "en-US": "replaces"}
_TIMES = {"pt-BR": "%d/%m/%y %H:%M", "en-US": "%m/%d/%y %H:%M"}


def title_of(
    kind: FormKind,
    form: str,
    *,
    submitted_at: datetime,
    replaces: datetime | None = None,
    locale: str,
) -> str:
    """
    Give a document's title: what it is, when it was submitted, and what it replaces.

    The form's own name is in it where it fits; nothing is ever cut.

    Args:
        kind: Registration or Clinical.
        form: the form's own name, '' for none.
        submitted_at: aware, in the facility's zone: shown as it is.
        replaces: when the version that this one replaces was submitted.
        locale: `pt-BR` or `en-US`.
    """
    when = submitted_at.strftime(_TIMES[locale])
    if replaces is not None:
        when += f", {_REPLACES[locale]} {replaces.strftime(_TIMES[locale])}"
    return next(t for t in _titles(_LABELS[locale][kind], form, when) if len(t) <= TITLE_LIMIT)


def _titles(label: str, form: str, when: str) -> Iterator[str]:
    name = " ".join(form.split())
    if name:
        yield f"{label}: {name}, {when}"
        yield f"{name}, {when}"
    yield f"{label}, {when}"
