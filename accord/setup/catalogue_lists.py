"""
The catalogues of both systems, as people copied them from the screens into one file each.

Neither system is known to hand them out, so a template waits where the lists belong.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from accord.domain.resources import Catalogues
from accord.setup.excel_text import decoded, table_of
from accord.setup.grid_cells import plain

DIRECTORY = "catalogues"
"""In the private directory of the site's worker."""
SIDES = ("powerserver", "omegaai")
HEADING = ("Catalogue", "Entry")
KINDS = {
    "modality": "modalities",
    "modalidade": "modalities",
    "study set": "study_sets",
    "order set": "study_sets",
    "conjunto de exames": "study_sets",
    "procedure code": "procedure_codes",
    "codigo de procedimento": "procedure_codes",
}
_COLUMNS = {"catalogue": "kind", "catalogo": "kind", "entry": "entry", "entrada": "entry"}


class WrongList(Exception):
    """A list of catalogues cannot be read: nothing of it is used; no value is repeated."""

    def __init__(self, side: str, problems: tuple[str, ...]) -> None:
        super().__init__(side, problems)
        self.side, self.problems = side, problems

    def __str__(self) -> str:
        where = f"{DIRECTORY}/{self.side}.csv"
        return "\n".join(f"{where}, {problem}" for problem in self.problems)


def read_lists(private: Path) -> Mapping[str, Catalogues]:
    """
    Read what people wrote down, by side; a side nobody has written down is left out.

    Where a file is missing, the template is put in its place.

    Raises:
        WrongList: with every line that cannot be read.
    """
    found = {}
    for side in SIDES:
        path = private / DIRECTORY / f"{side}.csv"
        if not path.exists():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.write_text(";".join(HEADING) + "\r\n", encoding="utf-8-sig", newline="")
        catalogues = _list(path.read_bytes(), side)
        if catalogues != Catalogues():
            found[side] = catalogues
    return found


def _list(content: bytes, side: str) -> Catalogues:
    try:
        table = table_of(decoded(content))
    except ValueError as error:
        raise WrongList(side, (str(error),)) from None
    table = table.rename(columns={name: _COLUMNS.get(plain(str(name))) for name in table.columns})
    if sorted(map(str, table.columns)) != ["entry", "kind"]:
        raise WrongList(side, (f"needs these columns, each once: {', '.join(HEADING)}",))
    entries: dict[str, set[str]] = defaultdict(set)
    problems = []
    for line, (kind, entry) in enumerate(zip(table["kind"], table["entry"], strict=True), start=2):
        if not kind.strip() and not entry.strip():
            continue
        field = KINDS.get(plain(kind))
        if field is None:
            problems.append(f"line {line}: `Catalogue` is none of {', '.join(KINDS)}")
        elif not entry.strip():
            problems.append(f"line {line}: `Entry` is empty")
        else:
            entries[field].add(entry.strip())
    if problems:
        raise WrongList(side, tuple(problems))
    return _catalogues(entries, side)


def _catalogues(entries: Mapping[str, set[str]], side: str) -> Catalogues:
    try:
        return Catalogues.model_validate(entries)
    except ValueError:
        reason = "an entry is no modality code of DICOM, or longer than 64 characters"
        raise WrongList(side, (reason,)) from None
