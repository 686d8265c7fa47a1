"""The parity certificate: made only where all is alike, and no byte of it can be changed unseen."""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.certificates import Certificate, SignedCertificate
from accord.domain.hours import WEEK, Span
from accord.ledger.approvals import Decision, ProposedPlan
from accord.ledger.humantasks import TaskState, TaskToOpen
from accord.ledger.ledger import Ledger
from accord.rendering.certificate import certificate_pdf
from accord.setup.certifying import COMPARED, Evidence, NotAlike, certify, digest_of
from accord.setup.comparing import Parity, compared
from accord.setup.sides import frame_of, wanted_rows
from accord.setup.signing import NotGenuine, public_key_of, sign, verified
from deployments.door import Exit, main
from tests.ledger.builders import SITE_KEY, key_of
from tests.setup.onboarding import a_ledger, a_resource, an_organization
from tests.setup.test_service_plans import a_service

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FILE = an_organization([a_resource("ct", name="BLUME CT", working_days={"mon-sun": "08:00-18:00"})])
FACILITY = FILE.facilities[0]
GRID = frame_of(wanted_rows(FACILITY.name, FACILITY.resources))


def seen(**changes: Any) -> ServicesSeen:
    week = dict.fromkeys(WEEK, (Span(480, 1080),))
    service = a_service(hours=week, overbooking=False, **changes)
    return ServicesSeen((service,), ())

    return WEEK


def parity(services: ServicesSeen) -> Parity:
    return compared(FILE, GRID, services, date(2026, 11, 28), {})


def a_certificate(evidence: Evidence | None = None) -> Certificate:
    evidence = evidence or Evidence({"powerserver": GRID, "omegaai": GRID}, (), ())
    return certify(FILE, parity(seen()), evidence, tool="accord 0", now=NOW)


@cache
def signed() -> SignedCertificate:
    return sign(a_certificate(), SITE_KEY)


def text_of(certificate: SignedCertificate) -> bytes:
    return certificate.model_dump_json(indent=2).encode()


def test_a_genuine_one_says_what_was_seen() -> None:
    found = verified(text_of(signed()), public_key_of(SITE_KEY)).certificate
    assert [(c.side, c.name, c.count) for c in found.collections] == [
        ("powerserver", "resources", 1),
        ("omegaai", "resources", 1),
    ]
    assert found.collections[0].digest == found.collections[1].digest == digest_of(GRID)


@pytest.mark.parametrize(
    "services",
    [
        pytest.param(seen(minutes=60), id="different"),
        pytest.param(seen()._replace(misshapen=("s9",)), id="not all compared"),
    ],
)
def test_nothing_else_is_certified(services: ServicesSeen) -> None:
    evidence = Evidence({"powerserver": GRID, "omegaai": GRID}, (), ())
    with pytest.raises(NotAlike, match="nothing to certify"):
        certify(FILE, parity(services), evidence, tool="accord 0", now=NOW)


def _paths(node: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [p for name, each in node.items() for p in _paths(each, (*before, name))]
    if isinstance(node, list):
        return [p for n, each in enumerate(node) for p in _paths(each, (*before, n))]
    return [before]


PATHS = _paths(json.loads(text_of(signed())))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_can_be_changed(path: tuple[Any, ...]) -> None:
    """Each single value of the file, changed alone."""
    given = json.loads(text_of(signed()))
    node = given
    for part in path[:-1]:
        node = node[part]
    value = node[path[-1]]
    node[path[-1]] = value + 1 if isinstance(value, int) else _otherwise(str(value))
    with pytest.raises(NotGenuine):
        verified(json.dumps(given).encode())


def _otherwise(text: str) -> str:
    last = "0" if text[-1:] != "0" else "1"
    return text[:-1] + last


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"%PDF-1.7", b"\xff", b"{" * 10_000, b"[" * 100_000]
)
def test_what_is_no_certificate(content: bytes) -> None:
    with pytest.raises(NotGenuine):
        verified(content)


def test_another_key_is_told() -> None:
    """Whole, and signed by somebody else: only who knows the site's key can tell."""
    foreign = sign(a_certificate(), b"x" * 32)
    assert verified(text_of(foreign)) == foreign
    with pytest.raises(NotGenuine, match="another key"):
        verified(text_of(foreign), public_key_of(SITE_KEY))


def test_it_names_who_said_what(tmp_path: Path) -> None:
    """What people attested and which plan they approved stands in it; what is open does not."""
    with a_ledger(tmp_path) as ledger:
        _words(ledger)
        evidence = Evidence(
            {"powerserver": GRID}, ledger.tasks("lakeside", list(TaskState)),
            ledger.plans("lakeside"),
        )  # fmt: skip
        found = a_certificate(evidence)
    assert [(w.kind, w.who) for w in found.attested] == [("storage", "Ana")]
    assert [p.who for p in found.approved] == ["Bea"]
    assert found.observed == 1


def _words(ledger: Ledger) -> None:
    tasks = {}
    for kind in ("storage", "seen", "open"):
        task = TaskToOpen(organization="lakeside", process="check", kind=kind, about="x")
        tasks[kind] = ledger.open_task(task).id
    ledger.attest(tasks["storage"], who="Ana")
    ledger.observed(tasks["seen"])
    for name, decision in (("one", Decision.APPROVED), ("two", Decision.REFUSED)):
        plan = ProposedPlan(
            organization="lakeside", process="check", effects=(key_of(name),),
            expires_at=datetime(2099, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        row = ledger.propose(plan, run=name)
        ledger.decide(row.id, decision, who="Bea", digest=row.digest)


def test_the_digest_is_of_what_is_compared() -> None:
    """Not of an order of rows, nor of where a row stands, nor of the case of a facility."""
    rows = [*GRID.to_dict("records"), {**GRID.to_dict("records")[0], "name": "BLUME MR"}]
    one = frame_of({str(k): v for k, v in row.items()} for row in rows)
    other = one.iloc[::-1].assign(source="elsewhere", facility=one["facility"].str.upper())
    assert digest_of(one) == digest_of(other)
    others: dict[str, Any] = {
        **dict.fromkeys(("facility", "name", "modalities", "hours"), "MR"),
        "minutes": 5,
        "overbooking": True,
        "active": False,
    }
    assert set(others) == set(COMPARED)
    for column, value in others.items():
        changed = one.assign(**{column: one[column].where(np.array([False, True]), value)})
        assert digest_of(changed) != digest_of(one), column


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_it_can_be_read_on_paper(tmp_path: Path, locale: str) -> None:
    path = tmp_path / "certificate.pdf"
    path.write_bytes(certificate_pdf(signed(), locale))
    told = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert "Lakeside" in told
    assert signed().public_key[:8] in told


def test_anybody_can_check_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the file and the site's key; no server is asked. The exit code tells."""
    path = tmp_path / "c.json"
    path.write_bytes(text_of(signed()))
    assert main(["verify-certificate", str(path), "--key", public_key_of(SITE_KEY)]) == Exit.FOUND
    assert "genuine: Lakeside (lakeside)" in capsys.readouterr().out
    assert main(["verify-certificate", str(path), "--key", "0" * 64]) == Exit.NOT_GENUINE
    assert "another key" in capsys.readouterr().err
    assert main(["verify-certificate", str(tmp_path / "none.json")]) == Exit.REFUSED
