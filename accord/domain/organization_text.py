"""Organization files as people write them: YAML, refused with line, path and reason."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from enum import Enum
from typing import Any, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from accord.domain.base import Record
from accord.domain.loose_ends import loose_ends
from accord.domain.organizations import OrganizationFile
from accord.domain.yaml_nodes import KeyPath, ReadYaml, Wrong, read


class Problem(Record):
    """One thing wrong in an organization file; no value is ever quoted."""

    file: str
    line: int
    path: str
    """Such as `site.powerservers.main.hl7.port`; '' where the whole file is meant."""
    reason: str

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        return f"{self.file}:{self.line}:{path} {self.reason}"


class WrongOrganizationFile(Exception):
    """An organization file is refused; every problem it has is named, by line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def parse(text: str, name: str) -> OrganizationFile:
    """
    Read an organization file; `name` is what its problems call it.

    Raises:
        WrongOrganizationFile: with every problem at once, in the order of lines.
    """
    document = read(text)
    if document.wrong and document.tree is None:
        raise _refused(name, document.wrong)
    loose = (
        Wrong(path, _line(path, document.lines), why) for path, why in loose_ends(document.tree)
    )
    wrong = [*document.wrong, *loose]
    file: OrganizationFile | None = None
    try:
        file = OrganizationFile.model_validate(document.tree)
    except ValidationError as error:
        wrong += _told(error, document, already=bool(wrong))
    if wrong or file is None:
        raise _refused(name, wrong)
    return file


def dump(file: OrganizationFile) -> str:
    """Write an organization file out in full; `parse` reads it back as it was."""
    return yaml.safe_dump(
        _writable(file.model_dump()), sort_keys=False, allow_unicode=True, width=100
    )


def dotted(path: KeyPath) -> str:
    """Write a path as people read it: `organization.facilities[0].slug`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _refused(name: str, wrong: Iterable[Wrong]) -> WrongOrganizationFile:
    ordered = sorted(set(wrong), key=lambda one: (one.line, dotted(one.path), one.reason))
    return WrongOrganizationFile(
        tuple(
            Problem(file=name, line=one.line, path=dotted(one.path), reason=one.reason)
            for one in ordered
        )
    )


def _told(error: ValidationError, document: ReadYaml, *, already: bool) -> Iterator[Wrong]:
    """Translate pydantic's errors: our paths, our lines, never the value."""
    details = error.errors(include_input=False, include_url=False, include_context=True)
    for detail in details:
        path = _real_path(detail["loc"], document.tree)
        if not path and already and detail["type"] == "value_error":
            continue  # a rule over the whole file; loose_ends names the place
        if detail["type"] == "too_short" and _holds_another(detail, details):
            continue  # pydantic leaves a wrong item out, then misses it
        yield Wrong(path, _line(path, document.lines), _reason(detail, path))


def _holds_another(detail: ErrorDetails, details: Iterable[ErrorDetails]) -> bool:
    loc = detail["loc"]
    return any(other["loc"][: len(loc)] == loc and other is not detail for other in details)


def _real_path(loc: KeyPath, tree: Any) -> KeyPath:
    """Drop what pydantic adds to a path for itself: `[key]` and the arms of a union."""
    real: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        inside = isinstance(tree, Mapping) and part in tree
        indexed = isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        if inside or indexed:
            tree = tree[part]
        elif not (last and isinstance(tree, Mapping) and part != "[key]"):
            break
        real.append(part)
    return tuple(real)


def _line(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


_REASONS = {
    "missing": "is missing: add it",
    "string_type": "must be text; write '' for none",
    "model_type": "must be a group of indented fields",
    "dict_type": "must be a group of indented fields",
    "tuple_type": "must be a list, one `- ` a line",
    "frozen_set_type": "must be a list, one `- ` a line",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "time_delta_parsing": "must be a length of time such as PT2M (two minutes) or 00:02:00",
    "date_from_datetime_parsing": "must be a date such as 2026-12-25",
    "url_parsing": "must be an address such as https://fhir.example.org/r4",
    "url_scheme": "must begin with https:// or http://",
}


def _reason(detail: ErrorDetails, path: KeyPath) -> str:
    if detail["type"] == "extra_forbidden":
        return _unknown(path)
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])  # our own validators, which quote nothing
    return _REASONS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])


def _unknown(path: KeyPath) -> str:
    """Say that a key is unknown, and which known one it resembles."""
    known = list(_fields_at(path[:-1]))
    near = get_close_matches(str(path[-1]), known, n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return f"unknown key; {hint}"


def _fields_at(path: KeyPath) -> Iterable[str]:
    model: Any = OrganizationFile
    for part in path:
        fields = model.model_fields if _is_model(model) else {}
        annotation = fields[part].annotation if part in fields else model
        model = next(filter(_is_model, _leaves(annotation)), annotation)
    return model.model_fields if _is_model(model) else ()


def _leaves(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _leaves(argument)


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


_TIME_DELTA = TypeAdapter(timedelta)


def _writable(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(_writable(key)): _writable(inner) for key, inner in value.items()}
        case frozenset():
            return sorted(_writable(inner) for inner in value)
        case tuple() | list():
            return [_writable(inner) for inner in value]
        case Enum():
            return value.value
        case timedelta():
            return _TIME_DELTA.dump_python(value, mode="json")
        case date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
