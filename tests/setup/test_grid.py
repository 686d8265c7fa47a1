"""PowerServer's grid as people and Excel write it."""

import pytest

from accord.domain.hours import WEEK
from accord.setup.grid import TEMPLATE, WrongGrid, read_grid, template

HEADING = (
    "Facility;Department;Room;Type;Class;Resource;Start Time;End Time;Default Duration;Overbooking"
)
LINE = "LAKESIDE;Imagem;Sala 1;MODALITY;CT;BLUME CT;08:00;18:00;30;Sim"


def grid(*lines: str, heading: str = HEADING) -> bytes:
    return "\r\n".join((heading, *lines, "")).encode()


def test_a_line_is_a_resource() -> None:
    frame = read_grid(grid(LINE))

    assert frame.to_dict("records") == [
        {
            "facility": "LAKESIDE",
            "name": "BLUME CT",
            "department": "Imagem",
            "room": "Sala 1",
            "modalities": "CT",
            "hours": " ".join(f"{day} 08:00-18:00" for day in WEEK),
            "minutes": 30,
            "overbooking": True,
            "active": True,
            "source": "line 2",
        }
    ]
    assert list(frame.index) == ["line 2"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(grid(LINE.replace("Imagem", "Radiação")), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + grid(LINE.replace("Imagem", "Radiação")), id="with mark"),
        pytest.param(
            grid(LINE.replace("Imagem", "Radiação")).decode().encode("cp1252"), id="cp1252"
        ),
    ],
)
def test_accents_survive_however_it_was_saved(content: bytes) -> None:
    assert read_grid(content)["department"].tolist() == ["Radiação"]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_columns_may_stand_apart_by_what_excel_used(separator: str) -> None:
    content = grid(LINE).replace(b";", separator.encode())
    assert read_grid(content)["name"].tolist() == ["BLUME CT"]


def test_headings_may_be_portuguese_and_in_any_order() -> None:
    heading = "Recurso;Unidade;Classe;Hora Início;Hora Fim;Duração Padrão;Encaixe;Sala"
    frame = read_grid(grid("TC 1;LAKESIDE;CT;8:00;18:00;30,0;não;Sala 1", heading=heading))

    assert frame[["name", "room", "minutes", "overbooking"]].to_numpy().tolist() == [
        ["TC 1", "Sala 1", 30, False]
    ]


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("30", 30), ("30 min", 30), ("45 minutos", 45), ("30,0", 30), ("00:30", 30), ("01:00:00", 60)],
)
def test_durations_are_minutes_or_a_clock(written: str, minutes: int) -> None:
    line = LINE.replace(";30;", f";{written};")
    assert read_grid(grid(line))["minutes"].tolist() == [minutes]


@pytest.mark.parametrize(
    ("written", "end"),
    [("10:59 PM", "22:59"), ("12:00 PM", "12:00"), ("6:00 p.m.", "18:00"), ("24:00", "24:00")],
)
def test_clocks_have_twelve_or_twenty_four_hours(written: str, end: str) -> None:
    line = LINE.replace("18:00", written)
    assert read_grid(grid(line))["hours"].str.split().str[1].tolist() == [f"08:00-{end}"]


def test_what_else_a_resource_serves_may_be_filled_in() -> None:
    """The grid shows one Class; the list stands only in the title of a new order."""
    frame = read_grid(grid(f"{LINE};DX|CR, RF", heading=f"{HEADING};Modalities"))
    assert frame["modalities"].tolist() == ["CR|CT|DX|RF"]


def test_the_template_is_a_grid_without_lines() -> None:
    assert len(read_grid(template().encode())) == 0
    assert set(HEADING.split(";")) < set(TEMPLATE)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(";30;", ";meia hora;", "line 3, column default duration: must be minutes",
                     id="duration"),
        pytest.param(";30;", ";30,5;", "whole minutes", id="half a minute"),
        pytest.param(";30;", ";0;", "between 1 minute and 24 hours", id="nothing"),
        pytest.param("18:00", "07:00", "line 3, column end time: must lie after", id="backwards"),
        pytest.param("08:00", "8h", "line 3, column start time: must be HH:MM", id="clock"),
        pytest.param("08:00", "13:00 PM", "before AM or PM", id="thirteen pm"),
        pytest.param(";CT;", ";;", "line 3, column class: is empty", id="no class"),
        pytest.param(";CT;", ";TC;", "no modality code", id="class in Portuguese"),
        pytest.param("BLUME CT", "", "line 3, column resource: is empty", id="no name"),
        pytest.param("Sim", "talvez", "yes or no", id="perhaps"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_and_nothing_is_used(
    old: str, new: str, said: str
) -> None:
    """Half a grid is no grid: what is missing from it would count as missing in PowerServer."""
    with pytest.raises(WrongGrid, match=said) as refusal:
        read_grid(grid(LINE, LINE.replace(old, new)))
    assert "talvez" not in str(refusal.value)


def test_every_wrong_cell_is_told_at_once() -> None:
    wrong = LINE.replace("08:00", "x").replace("Sim", "y?")
    with pytest.raises(WrongGrid) as refusal:
        read_grid(grid(LINE, "", wrong, LINE.replace("CT;BLUME", "??;BLUME")))
    assert [(p.line, p.column) for p in refusal.value.problems] == [
        (4, "start time"),
        (4, "overbooking"),
        (5, "class"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\x01\x02", id="no text"),
        pytest.param(grid(LINE, heading=HEADING.replace("Resource", "Name")), id="no name column"),
        pytest.param(grid(LINE, heading=HEADING.replace("Room", "Class")), id="class twice"),
    ],
)
def test_what_is_no_grid_is_refused(content: bytes) -> None:
    with pytest.raises(WrongGrid):
        read_grid(content)
