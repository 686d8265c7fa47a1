"""The lists of catalogues that people write down, as Excel in Portuguese saves them."""

from pathlib import Path

import pytest

from accord.domain.resources import Catalogues
from accord.setup.catalogue_lists import DIRECTORY, WrongList, read_lists


def write(private: Path, side: str, content: bytes) -> None:
    path = private / DIRECTORY / f"{side}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_a_template_waits_where_a_list_belongs(tmp_path: Path) -> None:
    """The template alone is not taken for an empty catalogue."""
    for _ in range(2):
        assert read_lists(tmp_path) == {}
    for side in ("powerserver", "omegaai"):
        text = (tmp_path / DIRECTORY / f"{side}.csv").read_text("utf-8-sig")
        assert text.splitlines() == ["Catalogue;Entry"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            "Catálogo;Entrada\r\nModalidade;CT\r\nConjunto de exames;Crânio\r\n;\r\n"
            "Código de procedimento;40901\r\n".encode("cp1252"),
            id="excel-in-portuguese",
        ),
        pytest.param(
            "\ufeffEntry,Catalogue\nCT,modality\nCrânio,Study Set\n40901,procedure code\n".encode(),
            id="columns-the-other-way",
        ),
    ],
)
def test_what_people_wrote_is_read(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "powerserver", content)

    assert read_lists(tmp_path) == {
        "powerserver": Catalogues(
            modalities=frozenset({"CT"}),
            study_sets=frozenset({"Crânio"}),
            procedure_codes=frozenset({"40901"}),
        )
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "no table", id="empty"),
        pytest.param(b"\x81\xff;x\n", "neither UTF-8", id="no-text"),
        pytest.param(b"Catalogue;Other\nmodality;CT\n", "columns, each once", id="column"),
        pytest.param(b"Catalogue;Entry\nmachine;CT\n", "line 2: `Catalogue` is none", id="kind"),
        pytest.param(b"Catalogue;Entry\nmodality;\n", "line 2: `Entry` is empty", id="empty-cell"),
        pytest.param(b"Catalogue;Entry\nmodality\n", "line 2: `Entry` is empty", id="short-line"),
        pytest.param(b"Catalogue;Entry\nmodality;CAT\n", "no modality code", id="modality"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    """Nothing of such a list is used, and its values are not repeated."""
    write(tmp_path, "omegaai", content)

    with pytest.raises(WrongList, match=reason) as wrong:
        read_lists(tmp_path)
    assert "omegaai.csv" in str(wrong.value)
    assert "CAT" not in str(wrong.value).replace("Catalogue", "")
