"""What a PowerServer may do that only an acceptance run finds out."""

from collections.abc import Iterator

import pytest

from accord.sandbox.powerserver import PowerServerSim
from tests.sandbox.powerserver_neighbours import ANA, answered, clinical, code

ORDER = (
    "MSH|^~\\&|ACCORD||RAMSOFT||20261123120000-0300||{event}|{control}|P|2.3.1\r"
    "PID|1|LK-1001^^^LAKESIDE|LK-1001^^^LAKESIDE||Conceição^Ana\r"
    "{body}\r"
)


@pytest.fixture
def ps() -> Iterator[PowerServerSim]:
    with PowerServerSim([ANA]) as powerserver:
        yield powerserver


def status_change(control: str = "C1") -> bytes:
    body = "ORC|SC|PL-1|||SC\rOBR|1|PL-1|||||||||||||||||A2600001"
    return ORDER.format(event="ORM^O01", control=control, body=body).encode()


def siu(event: str, status: str, start: str = "20261124093000-0300") -> bytes:
    body = f"SCH|PL-1||||||||||^^^{start}||||||||||||||{status}"
    return ORDER.format(event=f"SIU^{event}", control=f"S-{event}", body=body).encode()


def status_of(ps: PowerServerSim) -> str:
    return ps.archive.studies["2.25.1001"].status


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        pytest.param("T11", "keep_withdrawn", id="withdrawal"),
        pytest.param("T10", "keep_replaced", id="replacement"),
    ],
)
def test_it_may_say_yes_and_leave_the_old_one(ps: PowerServerSim, event: str, fault: str) -> None:
    assert code(answered(ps.hl7_port, clinical("ONE"))) == "AA"
    setattr(ps.faults, fault, 1)
    for control in ("TWO", "THREE"):
        message = clinical(control, event=event, parent="ONE")
        assert code(answered(ps.hl7_port, message)) == "AA"
        assert ps.documents[0].is_current == (control == "TWO")


def test_a_filed_document_may_complete_its_study(ps: PowerServerSim) -> None:
    ps.faults.advance_status_on_filing = True
    answered(ps.hl7_port, clinical())
    assert status_of(ps) == "COMPLETED"


def test_filing_may_bring_a_study_that_nobody_ordered(ps: PowerServerSim) -> None:
    ps.faults.phantom_study_on_filing = 1
    answered(ps.hl7_port, clinical("ONE"))
    answered(ps.hl7_port, clinical("TWO"))
    assert [s.accession for s in ps.archive.studies_of(("LAKESIDE", "LK-1001"))] == ["A2600001", ""]


def test_schedules_are_its_own_unless_a_site_lets_others_in(ps: PowerServerSim) -> None:
    assert code(answered(ps.hl7_port, siu("S14", "Booked"))) == "AR"
    assert status_of(ps) == "CONFIRMED"
    with PowerServerSim([ANA], takes_schedule=True) as open_to_all:
        assert code(answered(open_to_all.hl7_port, siu("S12", "Pending"))) == "AA"
        assert status_of(open_to_all) == "SCHEDULED"
        start = open_to_all.archive.studies["2.25.1001"].start
        assert (start.hour, start.minute) == (9, 30)
        assert code(answered(open_to_all.hl7_port, siu("S15", "Cancelled"))) == "AA"
        assert status_of(open_to_all) == "CANCELLED"
        assert code(answered(open_to_all.hl7_port, siu("S26", "Noshow"))) == "AR"


def test_what_an_orders_status_makes_of_a_study_is_the_sites_affair(ps: PowerServerSim) -> None:
    assert code(answered(ps.hl7_port, status_change())) == "AA"
    assert status_of(ps) == "CONFIRMED"
    with PowerServerSim([ANA], order_statuses={"SC": "SCHEDULED"}) as knows:
        answered(knows.hl7_port, status_change())
        assert status_of(knows) == "SCHEDULED"
