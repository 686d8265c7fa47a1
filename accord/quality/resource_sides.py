"""The rules on one side's resources, before the two sides are compared."""

from collections.abc import Mapping

import pandas as pd

from accord.domain.hours import MINUTES_A_DAY, minutes_of
from accord.domain.organizations import Facility, Organization
from accord.domain.resources import LONGEST_DURATION_MIN
from accord.quality.rules import Check, Rule, Suite, between, is_true, matches, not_above

DTYPES = {
    "name": "str",
    "name_is_unique": "bool",
    "facility_is_ours": "bool",
    "zone": "str",
    "room_exists": "bool",
    "modalities": "str",
    "works": "bool",
    "first_start": "float64",
    "last_end": "float64",
    "says_duration": "bool",
    "minutes": "float64",
}
"""The columns that the suite reads, also of a frame without rows."""

NAME = r"^(?! )(?!.*  )(?!.* $).{1,64}$"


def side_facts(side: pd.DataFrame, organization: Organization) -> pd.DataFrame:
    """
    Tell what the gate judges a side by, one row for each of the side's, under its source.

    Args:
        side: as `accord.setup.sides` makes them.
        organization: its facilities, their zones and, where it declares any, their rooms.
    """
    facilities = {each.name.casefold(): each for each in organization.facilities}
    ours = side["facility"].str.casefold().map(facilities.get)
    starts, ends = bounds_of(side["hours"])
    frame = pd.DataFrame(
        {
            "name": side["name"],
            "name_is_unique": ~matched_by(side["facility"], side["name"]).duplicated(keep=False),
            "facility_is_ours": ours.notna(),
            "zone": [each.time_zone if each is not None else "" for each in ours],
            "room_exists": [
                _has_room(facility, room) for facility, room in zip(ours, side["room"], strict=True)
            ],
            "modalities": side["modalities"],
            "works": side["hours"] != "",
            "first_start": starts,
            "last_end": ends,
            "says_duration": side["minutes"].notna(),
            "minutes": side["minutes"].astype("float64").fillna(0.0),
        },
        index=side.index,
    )
    return frame.astype(DTYPES)


def matched_by(facilities: pd.Series, names: pd.Series) -> pd.Series:
    """Give what resources are matched by on both sides: without case, outer and doubled spaces."""
    facility, name = (
        # joined anew, no rows are no texts to pandas
        column.astype("str").str.split().str.join(" ").astype("str")
        for column in (facilities, names)
    )
    return (facility + "\n" + name).str.casefold()


def _has_room(facility: Facility | None, room: str) -> bool:
    """Say whether a room is declared; where none is said, or none declared, there is no saying."""
    declared: Mapping[str, object] = {
        name.casefold(): None
        for department in (facility.departments if facility is not None else ())
        for name in department.rooms
    }
    return not room or not declared or room.casefold() in declared


def bounds_of(hours: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Give the earliest start and the latest end of each text of hours, in minutes."""
    spans = hours.str.findall(r"(\d\d:\d\d)-(\d\d:\d\d)")
    starts = spans.map(lambda found: min((minutes_of(a) for a, _ in found), default=0))
    ends = spans.map(lambda found: max((minutes_of(b) for _, b in found), default=0))
    return starts.astype("float64"), ends.astype("float64")


def _rule(name: str, check: Check, pt: tuple[str, str], en: tuple[str, str]) -> Rule:
    return Rule(name, check, pt[0], en[0], pt[1], en[1], releasable=False)


SIDE = Suite(
    "resources of one side",
    (
        _rule(
            "facility-is-ours",
            is_true("facility_is_ours"),
            ("O recurso é de uma unidade desta organização.", "Corrija a unidade do recurso."),
            ("The resource is of a facility of this organization.", "Mend its facility."),
        ),
        _rule(
            "zone-known",
            matches("zone", r"^\S+$"),
            ("O fuso da unidade é conhecido.", "Declare time_zone no arquivo da organização."),
            ("The facility's zone is known.", "Give time_zone in the organization file."),
        ),
        _rule(
            "name-exact",
            matches("name", NAME),
            (
                "O nome não tem espaços no início, no fim ou dobrados, e até 64 caracteres.",
                "Corrija o nome; os dois sistemas o comparam letra por letra.",
            ),
            (
                "The name has no outer or doubled spaces, and at most 64 characters.",
                "Mend the name; both systems compare it letter by letter.",
            ),
        ),
        _rule(
            "name-unique",
            is_true("name_is_unique"),
            ("O nome é único na unidade.", "Dê um nome próprio a cada recurso."),
            ("The name is unique in its facility.", "Give each resource a name of its own."),
        ),
        _rule(
            "modality-known",
            matches("modalities", r"^[A-Z]+(\|[A-Z]+)*$"),
            ("O recurso tem modalidades do DICOM.", "Informe a modalidade, como CT ou MR."),
            ("The resource has modalities of DICOM.", "Give its modality, such as CT or MR."),
        ),
        _rule(
            "room-exists",
            is_true("room_exists"),
            (
                "A sala existe na unidade.",
                "Crie a sala (Settings > Users & Facilities > Imaging Facilities > Location) ou "
                "corrija o nome dela.",
            ),
            (
                "The room exists in the facility.",
                "Make the room (Settings > Users & Facilities > Imaging Facilities > Location), or "
                "mend its name.",
            ),
        ),
        _rule(
            "works-some-day",
            is_true("works"),
            ("O recurso atende em algum dia.", "Marque os dias e o expediente."),
            ("The resource works on some day.", "Set its working days and hours."),
        ),
        _rule(
            "hours-inside-the-day",
            between("last_end", 0, MINUTES_A_DAY),
            ("O expediente cabe no dia.", "Termine o expediente até 24:00."),
            ("The hours lie inside the day.", "End the hours by 24:00."),
        ),
        _rule(
            "start-before-end",
            not_above("first_start", "last_end").only_where("works", True),
            ("O início vem antes do fim.", "Troque o início e o fim."),
            ("The start lies before the end.", "Swap start and end."),
        ),
        _rule(
            "duration-possible",
            between("minutes", 1, LONGEST_DURATION_MIN).only_where("says_duration", True),
            ("A duração padrão vai de 1 minuto a 24 horas.", "Corrija a duração padrão."),
            ("The default duration is 1 minute to 24 hours.", "Mend the default duration."),
        ),
    ),
)
"""PowerServer's side and OmegaAI's; a row that breaks a rule is named and not compared."""
