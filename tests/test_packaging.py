"""One commit is one program: what is installed, what is locked, and who may import whom."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

import accord
from accord.domain.organization_text import parse
from accord.domain.sites import Site
from accord.domain.status_tables import TABLE
from deployments.check import Check, failures
from tests.spec import manual

ROOT = Path(__file__).parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
PYTHON_FILES = [
    path
    for folder in ("accord", "flows", "tasks", "blocks", "deployments", "bench", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def _lock(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _entries(name: str) -> list[str]:
    """Give a lock's entries, each with its hashes."""
    return [
        entry for entry in re.split(r"\n(?=\S)", _lock(name)) if re.match(r"[A-Za-z0-9]", entry)
    ]


def _normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _direct_dependencies() -> set[str]:
    project = PYPROJECT["project"]
    extras = [d for extra in project["optional-dependencies"].values() for d in extra]
    groups = [d for group in PYPROJECT["dependency-groups"].values() for d in group]
    return {_normal(d) for d in [*project["dependencies"], *extras, *groups]}


def test_the_version_is_told_once() -> None:
    """Certificates name the version that made them."""
    assert accord.__version__ == PYPROJECT["project"]["version"]


def test_the_only_thing_a_wheel_holds_is_accord() -> None:
    """Flows, tasks and blocks run from the checkout; an old wheel can never run under them."""
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["accord"], "dev-mode-dirs": ["."]}


@pytest.mark.parametrize("package", ["accord", "flows", "tasks", "blocks", "deployments"])
def test_every_package_comes_from_this_checkout(package: str) -> None:
    """Nothing installed under the same name hides it."""
    program = f"import {package}; print({package}.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(ROOT)


def test_names_of_flow_files_hide_no_module() -> None:
    """Prefect puts flows/ first on the path: a calendar.py there would be everybody's calendar."""
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert not names & set(sys.stdlib_module_names)


def test_a_flow_file_defines_no_class() -> None:
    """It is imported under two names, so its classes would be two."""
    for path in (ROOT / "flows").glob("*.py"):
        assert not re.search(r"^class ", path.read_text(encoding="utf-8"), re.MULTILINE), path.name


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_of_a_lock_has_a_version_and_hashes(name: str) -> None:
    """What is installed is what was looked at."""
    entries = _entries(name)
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+ ", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name: str) -> None:
    """Where packages come from is the site's own business."""
    assert "://" not in _lock(name)
    assert not re.search(r"^--?(index|extra-index|find-links|i\b|f\b)", _lock(name), re.MULTILINE)


def test_there_is_no_lock_that_would_name_one() -> None:
    """uv's own lock holds addresses."""
    assert not (ROOT / "uv.lock").exists()


def test_what_a_site_runs_is_what_was_tested() -> None:
    """Every entry of the runtime's lock stands in the development lock, at the same version."""
    runtime, development = ({entry.split(" ")[0] for entry in _entries(name)} for name in LOCKS)
    assert runtime <= development


def test_every_direct_dependency_is_locked_and_argued() -> None:
    """A line in docs/dependencies.md says why it is there; none is argued that is gone."""
    locked = {_normal(entry) for entry in _entries("requirements-dev.lock")}
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    argued = {_normal(name) for name in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)}
    assert _direct_dependencies() <= locked
    assert argued == _direct_dependencies()


def test_fastapi_stays_below_the_release_that_breaks_prefect() -> None:
    """Prefect 3.8.8 allows a FastAPI on which its server cannot start."""
    versions = re.findall(r"^fastapi==(\d+)\.(\d+)", _lock("requirements.lock"), re.MULTILINE)
    assert [(int(major), int(minor)) < (0, 151) for major, minor in versions] == [True]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "deployments" / "organizations").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_organization_file_is_read(path: Path) -> None:
    """Also those that are only there to be copied; the file is named after its organization."""
    file = parse(path.read_text(encoding="utf-8"), path.name)
    assert file.organization.slug == path.stem


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_imports_point_downwards_only() -> None:
    """Every contract in pyproject.toml holds."""
    done = _lint_imports(ROOT)
    assert done.returncode == 0, done.stdout[-2000:]


VIOLATIONS = [
    pytest.param("accord/domain/base.py", "import accord.ledger", id="domain-upwards"),
    pytest.param("accord/domain/base.py", "import pandas", id="domain-with-pandas"),
    pytest.param("accord/quality/gate.py", "import accord.ledger", id="siblings"),
    pytest.param("accord/quality/gate.py", "import prefect", id="library-with-prefect"),
    pytest.param("accord/quality/gate.py", "import accord.sandbox", id="library-with-sandbox"),
    pytest.param("accord/sandbox/__init__.py", "import accord.domain.keys", id="sandbox-with-keys"),
    pytest.param("tasks/__init__.py", "import flows", id="task-with-flow"),
    pytest.param("flows/__init__.py", "import httpx", id="flow-with-http"),
]


@pytest.mark.parametrize(("file", "line"), VIOLATIONS)
def test_an_import_that_points_upwards_is_caught(tmp_path: Path, file: str, line: str) -> None:
    """The contracts are not only there: a violation of each turns them red."""
    for package in ("accord", "flows", "tasks", "blocks", "deployments"):
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "fonts"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    assert _lint_imports(tmp_path).returncode == 1


def _headings() -> set[str]:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    return set(re.findall(r"^##+ (\S+)$", text, re.MULTILINE))


def _citations() -> set[tuple[str, str]]:
    """Find what Python files cite: `docs/sources.md#mllp`, and `#zones` right after it."""
    found = set()
    for path in PYTHON_FILES:
        text = path.read_text(encoding="utf-8")
        for tail in re.findall(r"docs/sources\.md((?:(?:,\s+)?#[a-z0-9-]*[a-z0-9])+)", text):
            name = path.relative_to(ROOT).as_posix()
            found |= {(heading, name) for heading in re.findall(r"#([a-z0-9-]+)", tail)}
    return found


def test_every_fact_that_is_cited_has_its_heading() -> None:
    """A docstring that says where a fact comes from leads somewhere."""
    assert sorted(c for c in _citations() if c[0] not in _headings()) == []


def test_every_page_that_is_named_exists() -> None:
    """Code and pages that send a reader elsewhere send them somewhere."""
    pages = [*PYTHON_FILES, *(ROOT / "docs").glob("*.md"), ROOT / "GLOSSARY.md"]
    missing = {
        (path.relative_to(ROOT).as_posix(), named)
        for path in pages
        for named in re.findall(r"\bdocs/[a-z-]+\.md", path.read_text(encoding="utf-8"))
        if not (ROOT / named).exists()
    }
    assert missing == set()


def test_the_sources_of_the_status_table_have_their_heading() -> None:
    """Each row names its evidence and its source."""
    assert {row.source for row in TABLE.rows} <= _headings()


def test_every_decision_says_what_speaks_against_it() -> None:
    """A record of a decision without its price is an advertisement."""
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert len(records) >= 6
    for record in records:
        text = record.read_text(encoding="utf-8")
        for part in ("**Context.**", "**Decision.**", "**For it.**", "**Against it.**"):
            assert part in text, f"{record.name}: {part}"


def test_every_setting_that_a_question_names_exists() -> None:
    """An open question says where its answer goes."""
    text = (ROOT / "docs" / "open-questions.md").read_text(encoding="utf-8")
    for path in re.findall(r"`site\.([a-z_.*0-9]+)`", text):
        model: Any = Site
        for part in path.split("."):
            if part == "*":
                continue
            assert part in model.model_fields, f"site.{path}: there is no `{part}`"
            annotation = model.model_fields[part].annotation
            inner = [a for a in (annotation, *get_args(annotation)) if hasattr(a, "model_fields")]
            model = inner[-1] if inner else annotation


def test_the_manual_is_what_the_spec_tests_make() -> None:
    """`make docs` was run."""
    assert manual.differences(manual.pages()) == []


def test_the_manual_says_what_the_tests_say(tmp_path: Path) -> None:
    """Title, text, a paragraph for each test in its order, and the cases of a table."""
    (tmp_path / "test_relay_forms.py").write_text(
        '"""Relaying forms.\n\nThey go to PowerServer."""\n\nimport pytest\n\n\n'
        "def helper():\n    pass\n\n\n"
        'async def test_second_by_name():\n    """The first paragraph."""\n\n\n'
        '@pytest.mark.parametrize("x", [pytest.param(1, id="lost-answer")])\n'
        'def test_a_form_goes_once(x):\n    """Never twice."""\n',
        encoding="utf-8",
    )
    made = manual.pages(tmp_path)
    assert list(made) == ["README.md", "relay-forms.md"]
    assert "- [Relaying forms](relay-forms.md)" in made["README.md"]
    assert made["relay-forms.md"].startswith("# Relaying forms\n")
    assert made["relay-forms.md"].endswith(
        "They go to PowerServer.\n\n## Second by name\n\nThe first paragraph.\n\n"
        "## A form goes once\n\nNever twice.\n\n- lost answer\n"
    )


def test_a_chapter_that_changed_is_noticed_and_a_chapter_that_went_goes(tmp_path: Path) -> None:
    """The check compares both ways."""
    (tmp_path / "gone.md").write_text("x", encoding="utf-8")
    made = {"README.md": "a\n", "relay.md": "b\n"}
    assert manual.differences(made, tmp_path) == ["README.md", "gone.md", "relay.md"]
    manual.write(made, tmp_path)
    assert manual.differences(made, tmp_path) == []
    assert not (tmp_path / "gone.md").exists()


def test_a_test_without_a_paragraph_is_refused(tmp_path: Path) -> None:
    """The manual has no holes."""
    (tmp_path / "test_x.py").write_text('"""T."""\ndef test_y(): ...\n', encoding="utf-8")
    with pytest.raises(manual.NoTitle, match="test_y"):
        manual.pages(tmp_path)


def test_the_check_counts_failures_and_stops_at_none(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each; what failed says how to mend it."""
    checks = (
        Check("first", ("python", "-c", "raise SystemExit('broken')"), "mend it"),
        Check("second", ("python", "-c", "pass"), ""),
        Check("third", ("no-such-program",), "install it"),
    )
    assert failures(checks) == ["first", "third"]
    said = capsys.readouterr().out
    assert "WRONG  first\nbroken\n-> mend it\nok     second\nWRONG  third\n" in said
