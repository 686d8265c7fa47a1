"""Plans for OmegaAI's services: the file's resources against what OmegaAI shows."""

from typing import Any

import pytest

from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.hours import WEEK, Span
from accord.domain.organizations import Organization
from accord.domain.wires import ResourceElements
from accord.ledger.applied import Applied
from accord.setup.changes import Verdict
from accord.setup.service_plans import plan_services, unsaid_by

A_RESOURCE: dict[str, Any] = {
    "key": "ct-1",
    "name": "BLUME CT",
    "department": "Imagem",
    "room": "Sala 1",
    "modalities": ["CT"],
    "default_duration": "00:30",
    "working_days": {"mon-fri": "08:00-18:00"},
    "overbooking": True,
}


def an_organization(*resources: dict[str, Any], **changes: Any) -> Organization:
    facility = {
        "slug": "norte",
        "name": "Lakeside Norte",
        "time_zone": "America/Manaus",
        "issuer": "LAKESIDE",
        "powerserver": "main",
        "departments": [{"name": "Imagem", "rooms": ["Sala 1"]}],
        "resources": [A_RESOURCE | each for each in resources],
    }
    return Organization.model_validate(
        {"slug": "lakeside", "name": "Lakeside", "facilities": [facility], **changes}
    )


def a_service(**changes: Any) -> ServiceSeen:
    seen = ServiceSeen(
        id="s1", version="3", facility="LAKESIDE NORTE", name="BLUME CT", active=True,
        modalities=frozenset({"CT"}), hours=dict.fromkeys(WEEK[:5], (Span(480, 1080),)),
        minutes=30, overbooking=True, room="Sala 1",
    )  # fmt: skip
    return seen.model_copy(update=changes)


def planned(
    organization: Organization, *seen: ServiceSeen, applied: tuple[Applied, ...] = ()
) -> list[tuple[Verdict, list[tuple[str, str, str]]]]:
    found = plan_services(organization, applied, seen)
    return [(c.verdict, [(f.name, f.before, f.after) for f in c.fields]) for c in found.changes]


def test_what_is_alike_needs_no_plan() -> None:
    """Also where OmegaAI writes the facility's name in capitals, or a set in another order."""
    organization = an_organization({"modalities": ["CT", "MR"], "resource_class": "CT"})
    assert planned(organization, a_service(modalities=frozenset({"MR", "CT"}))) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"minutes": 60}, ("minutes", "60", "30"), id="the-guides-duration"),
        pytest.param({"minutes": None}, ("minutes", "", "30"), id="no-duration"),
        pytest.param({"overbooking": False}, ("overbooking", "false", "true"), id="overbooking"),
        pytest.param({"active": False}, ("active", "false", "true"), id="inactive"),
        pytest.param({"room": "Sala 2"}, ("room", "Sala 2", "Sala 1"), id="room"),
        pytest.param(
            {"modalities": frozenset({"CT", "MR"})}, ("modalities", "CT|MR", "CT"), id="modalities"
        ),
    ],
)
def test_one_field_that_differs(changes: dict[str, Any], field: tuple[str, str, str]) -> None:
    assert planned(an_organization({}), a_service(**changes)) == [(Verdict.UPDATE, [field])]


def test_a_field_that_the_file_does_not_own_is_left_alone() -> None:
    organization = an_organization({}, owned_fields=["name", "hours"])
    assert planned(organization, a_service(minutes=60, overbooking=False)) == []


def test_another_name_of_the_same_key_is_a_rename() -> None:
    """The file keeps its key, so that the service is renamed and not made anew."""
    before = Applied(key="norte/ct-1", live_id="s1", fields={"name": "BLUME CT"})

    found = plan_services(an_organization({"name": "CT 1"}), [before], [a_service()])

    (change,) = found.changes
    assert (change.verdict, change.live_id, change.version) == (Verdict.UPDATE, "s1", "3")
    assert found.unmanaged == ()
    assert ("name", "BLUME CT", "CT 1") in [(f.name, f.before, f.after) for f in change.fields]


def test_another_sites_service_is_nobodys_business() -> None:
    assert planned(an_organization(), a_service(facility="Elsewhere")) == []
    found = plan_services(an_organization(), (), [a_service(facility="Elsewhere")])
    assert found.unmanaged == ()


def test_what_omegaai_has_no_element_for_is_not_compared() -> None:
    """The file names no extension for the duration: nobody can say that it differs."""
    elements = ResourceElements(default_duration="")
    found = plan_services(
        an_organization({}), (), [a_service(minutes=None)], unsaid=unsaid_by(elements)
    )
    assert found.changes == ()
    assert [each.key for each in found.agreed] == ["norte/ct-1"]
