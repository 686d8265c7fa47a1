"""
YAML read as written: every plain scalar is text, and the model says what it is.

So `NO` stays Norway, `0104` keeps its zero, `2.10` its last digit and 2026-12-25 its dashes. Two
equal keys, aliases and tags are refused, and no message quotes a value: it may be a secret.
"""

import re
from typing import Any, NamedTuple

import yaml

KeyPath = tuple[str | int, ...]
DEEPEST = 40  # levels; an organization file has 6
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Wrong(NamedTuple):
    """One thing wrong in a text: where, and why."""

    path: KeyPath
    line: int
    reason: str


class ReadYaml(NamedTuple):
    """What a YAML text says, the line of every path in it, and what is wrong with it."""

    tree: Any
    lines: dict[KeyPath, int]
    wrong: list[Wrong]


def read(text: str) -> ReadYaml:
    """Read a YAML text into dicts, lists, texts and None; lines count from 1."""
    tree, lines, wrong = None, dict[KeyPath, int](), list[Wrong]()
    try:
        wrong += _refused_outright(text)
        node = None if wrong else yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        wrong.append(Wrong((), mark.line + 1 if mark else 1, _reason(error)))
    except yaml.YAMLError:
        wrong.append(Wrong((), 1, "not YAML text: save the file as UTF-8"))
    else:
        if node is not None:
            tree = _plain(node, (), lines, wrong)
        elif not wrong:
            wrong.append(Wrong((), 1, "the file is empty"))
    return ReadYaml(tree, lines, wrong)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALIAS = "anchors (&) and aliases (*) are not read here: write the value out, or quote it"


def _refused_outright(text: str) -> list[Wrong]:
    """Find aliases and nesting without end, before anything follows them."""
    wrong, depth = [], 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            wrong.append(Wrong((), line, _ALIAS))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return [Wrong((), line, f"nested deeper than {DEEPEST} levels")]
    return wrong


def _reason(error: yaml.MarkedYAMLError) -> str:
    """Say what the parser found, without the text that it found."""
    problem = re.sub(r"'(?!<)[^']*'?|\"[^\"]*\"?", "...", error.problem or "cannot be read")
    return f"not YAML: {problem} (look at indentation, colons and quotes)"


def _plain(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], wrong: list[Wrong]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if _has_own_tag(node):
        wrong.append(Wrong(path, line, "tags (!) are not read here: leave it out"))
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, wrong)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, (*path, i), lines, wrong) for i, n in enumerate(node.value)]
    quoted = bool(getattr(node, "style", None))
    return None if not quoted and node.value in NULLS else node.value


def _mapping(
    node: yaml.MappingNode, path: KeyPath, lines: dict[KeyPath, int], wrong: list[Wrong]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            wrong.append(Wrong(path, line, "a key must be one word"))
            continue
        key: str = key_node.value
        here = (*path, key)
        if key in found:
            first = lines[here]
            wrong.append(Wrong(here, line, f"stands twice, first on line {first}: keep one"))
            continue
        lines[here] = line
        found[key] = _plain(value_node, here, lines, wrong)
    return found


_IMPLICIT = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)


def _has_own_tag(node: yaml.Node) -> bool:
    return node.tag not in _IMPLICIT
