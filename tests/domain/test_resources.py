"""Resources, rooms and hours as an organization file says them."""

from typing import Any

import pytest

from accord.domain.hours import Span, Weekday, clock, days_of, minutes_of, span_of
from accord.domain.organization_text import WrongOrganizationFile, dump, parse
from accord.domain.resources import Resource

A_FILE = """\
site:
  powerservers:
    main: {time_zone: America/Sao_Paulo, hl7: {host: 127.0.0.1, port: 2575}}
  omegaai: {fhir_base: https://fhir.example.invalid/r4, time_zone: America/Sao_Paulo}
organization:
  slug: lakeside
  name: Lakeside
  catalogues: {modalities: [CT, DX], study_sets: [TC do tórax], procedure_codes: ['71250']}
  facilities:
    - slug: centro
      name: LAKESIDE CENTRO
      time_zone: America/Sao_Paulo
      issuer: LAKESIDE
      powerserver: main
      departments:
        - {name: Imagem, floor: '1', rooms: [Sala 1, Sala 2]}
      resources:
        - key: ct-1
          name: BLUME CT
          department: Imagem
          room: Sala 1
          modalities: [CT]
          working_days: {mon-fri: 08:00-18:00, sat: 08:00-12:00}
        - key: dx-1
          name: BLUME XR
          department: Imagem
          room: Sala 2
          modalities: [DX, CR]
          resource_class: DX
          default_duration: 00:30
          working_days: {mon-sun: 00:00-22:59}
"""


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("00:00", 0), ("8:05", 485), ("18:30", 1110), ("24:00", 1440), (" 01:00 ", 60)],
)
def test_minutes_are_read(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "8", "08:60", "24:01", "25:00", "-1:00", "08:00:00", "8h"])
def test_what_is_no_clock_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        minutes_of(text)


def test_minutes_are_written_back() -> None:
    assert [clock(m) for m in (0, 60, 1439, 1440)] == ["00:00", "01:00", "23:59", "24:00"]


@pytest.mark.parametrize("text", ["08:00", "18:00-08:00", "08:00-08:00", "08:00-25:00", "-"])
def test_hours_that_do_not_lie_in_one_day_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        span_of(text)


def test_days_are_read_one_by_one_and_as_runs() -> None:
    assert days_of("wed") == (Weekday.WED,)
    assert days_of("Fri-Sun") == (Weekday.FRI, Weekday.SAT, Weekday.SUN)
    for wrong in ("sun-mon", "day", "mon-", ""):
        with pytest.raises(ValueError, match="must"):
            days_of(wrong)


def test_a_file_says_what_both_systems_should_show() -> None:
    """Defaults are the vendor's own: one hour, active, no overbooking, type MODALITY."""
    ct, xr = parse(A_FILE, "lakeside.yaml").organization.facilities[0].resources

    assert (ct.default_minutes, ct.active, ct.overbooking) == (60, True, False)
    assert (ct.resource_type, ct.powerserver_class) == ("MODALITY", "CT")
    assert ct.hours[Weekday.FRI] == Span(480, 1080)
    assert ct.hours[Weekday.SAT] == Span(480, 720)
    assert Weekday.SUN not in ct.hours
    assert (xr.default_minutes, xr.powerserver_class, len(xr.hours)) == (30, "DX", 7)


def test_what_is_written_out_is_read_back() -> None:
    file = parse(A_FILE, "lakeside.yaml")
    assert parse(dump(file), "again.yaml") == file


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("[CT]", "[CTX]", r":22: .*resources\[0\].modalities.*no modality", id="code"),
        pytest.param("00:30", "00:00", r":30: .*default_duration.*between", id="duration"),
        pytest.param("'1', rooms", "'1', rooms: [], x", "rooms", id="no room"),
        pytest.param("room: Sala 2", "room: Sala 3", "dx-1: `room` names none", id="room"),
        pytest.param("department: Imagem\n          room: Sala 2", "department: US\n"
                     "          room: Sala 2", "dx-1: `department` names none", id="department"),
        pytest.param("BLUME XR", "blume ct", "resources: two share one name", id="name twice"),
        pytest.param("dx-1", "ct-1", "resources: two share one key", id="key twice"),
        pytest.param("resource_class: DX", "resource_class: MR", "one of `modalities`", id="class"),
        pytest.param("          resource_class: DX\n", "", "say which one is the Class",
                     id="which"),
        pytest.param("mon-sun", "mun-sun", r":31: .*working_days.*a day", id="day"),
        pytest.param("sat: 08", "fri: 08", r":23: .*working_days.*fri twice", id="day twice"),
        pytest.param("BLUME XR", "'BLUME XR '", "begin or end with a space", id="space"),
        pytest.param("[Sala 1, Sala 2]", "[Sala 1, sala 1]", "two rooms share", id="rooms"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(old: str, new: str, said: str) -> None:
    assert A_FILE.count(old) == 1
    with pytest.raises(WrongOrganizationFile, match=said):
        parse(A_FILE.replace(old, new), "lakeside.yaml")


def test_an_empty_week_is_no_working_week() -> None:
    whole: dict[str, Any] = {
        "key": "ct-1", "name": "CT", "department": "A", "room": "B", "modalities": ["CT"],
    }  # fmt: skip
    with pytest.raises(ValueError, match="working_days"):
        Resource.model_validate({**whole, "working_days": {}})
