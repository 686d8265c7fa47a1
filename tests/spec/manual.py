"""
Makes docs/processes from tests/spec: a file is a chapter, a test a paragraph, in their order.

`python -m tests.spec.manual` writes; with `--check` it writes nothing and fails if that would
change anything. Nothing is imported, so a chapter needs neither servers nor Prefect.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "tests" / "spec"
PROCESSES = ROOT / "docs" / "processes"
CONTENTS = "README.md"
_MADE = "<!-- Made from {source} by `make docs`; change that file, not this one. -->\n"


class NoTitle(Exception):
    """A file of tests/spec has no docstring, or a test of it has none."""


def pages(spec: Path = SPEC) -> dict[str, str]:
    """Give every page of the manual by its file name, the contents first."""
    sources = sorted(spec.glob("test_*.py"))
    chapters = {source: ast.parse(source.read_text(encoding="utf-8")) for source in sources}
    made = {_page_name(source): _chapter(source, tree) for source, tree in chapters.items()}
    return {CONTENTS: _contents(chapters), **made}


def differences(made: dict[str, str], folder: Path = PROCESSES) -> list[str]:
    """Name the pages in `folder` that are missing, out of date, or no longer made."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def write(made: dict[str, str], folder: Path = PROCESSES) -> None:
    """Make `folder` hold exactly these pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in differences(made, folder):
        if name in made:
            (folder / name).write_text(made[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def _page_name(source: Path) -> str:
    return source.stem.removeprefix("test_").replace("_", "-") + ".md"


def _contents(chapters: dict[Path, ast.Module]) -> str:
    lines = [f"- [{_heading(tree, s)}]({_page_name(s)})" for s, tree in chapters.items()]
    made = _MADE.format(source="tests/spec")
    intro = "What Accord does, process by process. Every paragraph is a test that passes.\n"
    return "\n".join(["# Processes\n", made, intro, *lines]).rstrip() + "\n"


def _chapter(source: Path, tree: ast.Module) -> str:
    title, text = _heading(tree, source), _body(ast.get_docstring(tree) or "")
    parts = [f"# {title}\n", _MADE.format(source=f"tests/spec/{source.name}"), text]
    for test in _tests(tree):
        parts += [f"## {_sentence(test.name)}\n", _paragraph(test, source), *_cases(test)]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test(node.name):
            yield node


def _is_test(name: str) -> bool:
    return name.startswith("test_")


def _heading(tree: ast.Module, source: Path) -> str:
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise NoTitle(f"{source.name}: give the file a docstring; its first line is the title")
    return docstring.splitlines()[0].strip().rstrip(".")


def _body(docstring: str) -> str:
    rest = "\n".join(docstring.splitlines()[1:]).strip()
    return f"{rest}\n" if rest else ""


def _paragraph(test: ast.FunctionDef | ast.AsyncFunctionDef, source: Path) -> str:
    docstring = ast.get_docstring(test)
    if not docstring:
        raise NoTitle(f"{source.name}: give {test.name} a docstring; it is a paragraph")
    return f"{docstring.strip()}\n"


def _cases(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """List the ids of a test's table, which say what it covers."""
    ids = [
        keyword.value.value
        for decorator in test.decorator_list
        for node in ast.walk(decorator)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "id" and isinstance(keyword.value, ast.Constant)
    ]
    lines = [f"- {str(one).replace('-', ' ').replace('_', ' ')}" for one in ids]
    return ["\n".join(lines) + "\n"] if lines else []


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]


def main(arguments: list[str]) -> int:
    """Write the manual, or with `--check` only tell whether it is current."""
    made = pages()
    if "--check" not in arguments:
        write(made)
        return 0
    stale = differences(made)
    for name in stale:
        sys.stdout.write(f"docs/processes/{name} is not what tests/spec makes: run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
