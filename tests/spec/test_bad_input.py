"""
Wrong input, and what Accord says to it

Files are mistyped, addresses are wrong, passwords expire, and ports turn out to belong to somebody
else. Each of these gives one clear sentence that names the field and what to do about it, never a
patient's name or number; and nothing is lost: once it is mended, the next run goes on where the
last one had to stop.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import
from sqlalchemy import select, text

import flows.relay_forms as relay
from accord.adapters.dicom import DicomStation
from accord.adapters.errors import Malformed, PeerError, Rejected, Unavailable, Uncertain
from accord.adapters.oauth import Credentials
from accord.adapters.omegaai import OmegaAIClient
from accord.domain.effects import EffectState
from accord.domain.organization_text import WrongOrganizationFile, parse
from accord.domain.organizations import OrganizationFile
from accord.domain.wires import DicomWire
from accord.ledger.database import Database
from accord.ledger.humantasks import TaskToOpen
from accord.ledger.migrate import code_version
from accord.ledger.tables import EFFECT
from blocks.omegaai import OmegaAI
from blocks.site import Site
from deployments.connections import main as connections
from deployments.enrolment import limit_one
from deployments.local_server import LocalServer
from flows.attest_task import attest_task
from flows.relay_forms import relay_forms
from flows.release_hold import release_hold
from flows.retry_effect import retry_effect
from tests.delivery.clinic import Clinic, a_clinic
from tests.orchestration.towns import EnrolledTown, enrol, enrolled_town
from tests.spec.strangers import HTTP_400, a_stranger, http, nobody

FILE = (Path(__file__).parents[2] / "deployments/organizations/lakeside.yaml").read_text("utf-8")
UNRESOLVABLE = "ris.lakeside.example.invalid"


# -- the organization file


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        pytest.param(
            "        port: 2575",
            "        prot: 2575",
            "lakeside.yaml:{line}: site.powerservers.main.hl7.prot: unknown key; did you mean "
            "`port`?",
            id="a misspelt key",
        ),
        pytest.param(
            "  slug: lakeside\n",
            "",
            "organization.slug: is missing: add it",
            id="something left out",
        ),
        pytest.param(
            "        port: 2575",
            "        port: HL7",
            "lakeside.yaml:{line}: site.powerservers.main.hl7.port: must be a whole number",
            id="text where a number belongs",
        ),
        pytest.param(
            "time_zone: America/Manaus",
            "time_zone: Manaus",
            "organization.facilities[1].time_zone: not an IANA time zone, such as "
            "America/Sao_Paulo",
            id="a time zone that does not exist",
        ),
        pytest.param(
            "      powerserver: main\n      ae_title",
            "      powerserver: other\n      ae_title",
            "organization.facilities[0].powerserver: names no entry of site.powerservers (main)",
            id="a facility whose PowerServer is nowhere",
        ),
        pytest.param(
            "      issuer: LAKESIDE\n      powerserver: main\n      ae_title",
            "      issuer: LAKSIDE\n      powerserver: main\n      ae_title",
            "organization.facilities[0].issuer: no identifier system of site.omegaai.issuers "
            "stands for this issuer",
            id="a facility whose issuer no patient can have",
        ),
        pytest.param(
            "port: 11112",
            "port: 2575",
            "lakeside.yaml:{line}: site.powerservers.main.dicom.port: is the port of hl7 too",
            id="one port for HL7 and DICOM",
        ),
        pytest.param(
            "https://fhir.lakeside",
            "https://accord:hunter2@fhir.lakeside",
            "site.omegaai.fhir_base: must not hold a user or password: secrets live in the site's "
            "block",
            id="a password in an address",
        ),
        pytest.param(
            "character_set: UNICODE UTF-8",
            "character_set: UTF-32",
            "lakeside.yaml:{line}: site.powerservers.main.hl7.character_set: not a character set "
            "of HL7 table 0211 that can be read, such as UNICODE UTF-8 or 8859/1",
            id="a character set that HL7 does not know",
        ),
        pytest.param(
            "clinical: CLINICAL",
            "clinical: DI",
            "DI would file a patient's form as an imaging report",
            id="a document type that would be read as a report",
        ),
        pytest.param(
            "  locale: pt-BR",
            "  locale: pt-BR: no",
            "lakeside.yaml:{line}: not YAML:",
            id="something that is not YAML",
        ),
    ],
)
def test_a_wrong_organization_file_is_refused_with_line_path_and_reason(
    right: str, wrong: str, told: str
) -> None:
    """
    An organization file is refused as a whole, before anything of it is used. The line, the path
    of the field and the reason are named; the value, which may be a secret, is not.
    """
    line = FILE[: FILE.index(right)].count("\n") + 1

    with pytest.raises(WrongOrganizationFile) as refused:
        parse(FILE.replace(right, wrong, 1), "lakeside.yaml")

    assert told.replace("{line}", str(line)) in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_all_that_is_wrong_in_a_file_is_said_at_once() -> None:
    """Nobody has to run it again and again to find the next mistake."""
    wrong = FILE.replace("port: 2575", "prot: 2575").replace("America/Manaus", "Manaus")

    with pytest.raises(WrongOrganizationFile) as refused:
        parse(wrong, "lakeside.yaml")

    assert [problem.path for problem in refused.value.problems] == [
        "site.powerservers.main.hl7.port",
        "site.powerservers.main.hl7.prot",
        "organization.facilities[1].time_zone",
    ]


# -- OmegaAI


async def _ask_omegaai(file: OrganizationFile, secret: str = "made-up-secret") -> list[str]:
    wire = file.site.omegaai
    credentials = Credentials(secret=SecretStr(secret))
    async with OmegaAIClient.open(wire, file.organization, credentials, read_only=True) as omegaai:
        return await omegaai.check()


def _at_omegaai(**wire: Any) -> OrganizationFile:
    """An organization whose OmegaAI is reached as told."""
    site = {
        "powerservers": {
            "main": {"time_zone": "America/Sao_Paulo", "hl7": {"host": "127.0.0.1", "port": 1}}
        },
        "omegaai": {"time_zone": "America/Sao_Paulo", "timeout_s": 2, **wire},
    }
    facility = {
        "slug": "centro", "name": "Centro", "time_zone": "America/Sao_Paulo",
        "issuer": "LAKESIDE", "powerserver": "main",
    }  # fmt: skip
    organization = {"slug": "lakeside", "name": "Lakeside", "facilities": [facility]}
    return OrganizationFile.model_validate({"site": site, "organization": organization})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            http("<html>Sign in</html>", "text/html"),
            "a web page came instead of FHIR; is there a proxy or a login page at `fhir_base`?",
            id="a web page",
        ),
        pytest.param(
            http('{"status": "ok"}', "application/json"),
            "the answer is JSON but not FHIR; check the path of `fhir_base`",
            id="other JSON",
        ),
        pytest.param(
            http("pong", "text/plain"), "the answer is not JSON; `fhir_base` must be", id="text"
        ),
        pytest.param(
            http('{"resourceType": "Patient"}', "application/fhir+json"),
            "no CapabilityStatement; `fhir_base` is not a FHIR server's base",
            id="a path beneath the base",
        ),
        pytest.param(
            http(
                '{"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}',
                "application/fhir+json",
            ),
            "the server does not speak FHIR R4 (4.0.x); ask for its R4 base",
            id="another version of FHIR",
        ),
        pytest.param(
            http("", "text/plain", "302 Found"),
            "set `fhir_base` to the address it really has",
            id="somewhere else",
        ),
        pytest.param(
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "the peer does not answer in HTTP; check host, port and http or https in "
            "`omegaai.fhir_base`",
            id="no HTTP at all",
        ),
    ],
)
async def test_a_server_that_is_not_fhir_is_named_for_what_it_is(answer: bytes, told: str) -> None:
    """
    Whatever answers at `fhir_base` is first asked who it is. What is no FHIR R4 server is not
    asked for patients, and not waited for: no time mends that.
    """
    with a_stranger(answer) as port, pytest.raises(Malformed) as refused:
        await _ask_omegaai(_at_omegaai(fhir_base=f"http://127.0.0.1:{port}/r4"))

    assert told in str(refused.value)


async def test_an_omegaai_that_cannot_be_reached_is_told_by_its_phase() -> None:
    """Whether the name is unknown, nobody listens, or TLS fails: each is mended elsewhere."""
    with nobody() as closed, a_stranger(b"not TLS") as plain:
        places = {
            f"http://{UNRESOLVABLE}/r4": "resolve: GET metadata: the host's name is unknown",
            f"http://127.0.0.1:{closed}/r4": "connect: GET metadata: no connection",
            f"https://127.0.0.1:{plain}/r4": "TLS: GET metadata: no secure connection",
        }
        for base, told in places.items():
            with pytest.raises(Unavailable) as refused:
                await _ask_omegaai(_at_omegaai(fhir_base=base))
            assert told in str(refused.value)
            assert "`omegaai.fhir_base`" in str(refused.value)


async def test_wrong_credentials_are_told_with_all_that_may_be_wrong(tmp_path: Path) -> None:
    """
    The token endpoint does not say whether the client, its secret or a clock is wrong: so all of
    them are named, with its own code. It is not tried again: an account might be locked by that.
    """
    with a_clinic(tmp_path) as clinic, pytest.raises(Rejected) as refused:
        await _ask_omegaai(clinic.file, secret="expired")

    assert str(refused.value) == (
        "authenticate: the token endpoint refuses us; check client id, credentials, scopes and "
        "this machine's clock (invalid_client)"
    )


async def test_a_missing_scope_is_named() -> None:
    """Fewer rights than asked for are no surprise in the middle of the night: the token tells."""
    granted = http('{"access_token": "t", "scope": "system/Patient.rs"}', "application/json")
    scopes = ["system/Patient.rs", "system/QuestionnaireResponse.rs"]
    with a_stranger(granted) as port, pytest.raises(Rejected) as refused:
        oauth = {"token_url": f"http://127.0.0.1:{port}/token", "client_id": "accord"}
        file = _at_omegaai(fhir_base="http://127.0.0.1:1/r4", oauth={**oauth, "scopes": scopes})
        await _ask_omegaai(file)

    assert "missing: system/QuestionnaireResponse.rs; have them granted" in str(refused.value)


# -- PowerServer


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def _at_powerserver(clinic: Clinic, side: str, **changes: Any) -> OrganizationFile:
    """Give the clinic's file with its PowerServer reached otherwise, and keep it there."""
    before = clinic.file
    wire = before.site.powerservers["main"]
    part = getattr(wire, side).model_copy(update=changes)
    servers = {"main": wire.model_copy(update={side: part})}
    site = before.site.model_copy(update={"powerservers": servers})
    clinic.file = before.model_copy(update={"site": site})
    return before


async def _mended(clinic: Clinic, file: OrganizationFile) -> dict[str, int]:
    """Mend the file, let time pass, and run until nothing is left to do."""
    clinic.file = file
    for _ in range(3):
        clinic.later += timedelta(minutes=10)
        await clinic.relay()
    counts = clinic.ledger.counts("lakeside", "relay-forms")
    return {state.value: count for state, count in counts.items()}


@pytest.mark.parametrize(
    ("greeting", "kind", "told"),
    [
        pytest.param(b"", Uncertain, "check `hl7.port`", id="a web server"),
        pytest.param(
            b"220 mail ESMTP\r\n",
            Malformed,
            "the port speaks before it is spoken to: no HL7 listener; check `hl7.port`",
            id="a mail server",
        ),
    ],
)
async def test_an_hl7_port_that_speaks_something_else(
    clinic: Clinic, greeting: bytes, kind: type[PeerError], told: str
) -> None:
    """
    What speaks first is no HL7 listener and gets nothing. What answers in another language has
    taken a message all the same: that one is in doubt, and as PowerServer does not show it, a
    person decides. After three of them the link stops; the others wait, and go when the port has
    been mended. None goes twice.
    """
    clinic.blume.submit_day(normal=4, pdf=0)
    with a_stranger(HTTP_400, greeting=greeting) as port:
        before = _at_powerserver(clinic, "hl7", port=port)
        with pytest.raises(kind) as refused:
            await clinic.relay()

    counts = await _mended(clinic, before)

    assert told in str(refused.value)
    assert counts == ({"verified": 4} if greeting else {"parked": 3, "verified": 1})
    assert len(clinic.powerserver.documents) == counts["verified"]


@pytest.mark.parametrize("side", ["hl7", "dicom"])
@pytest.mark.parametrize(
    ("host", "phase"),
    [
        pytest.param(UNRESOLVABLE, "resolve", id="a name that nobody knows"),
        pytest.param("127.0.0.1", "connect", id="a port where nobody listens"),
    ],
)
async def test_an_unreachable_powerserver_is_told_by_field_and_phase(
    clinic: Clinic, side: str, host: str, phase: str
) -> None:
    """
    Nothing has left, so nothing is in doubt: the forms wait, and the first run afterwards takes
    them. Without the DICOM side nothing is sent either, since nobody could look first.
    """
    clinic.blume.submit_day(normal=2, pdf=0)
    with nobody() as port:
        before = _at_powerserver(clinic, side, host=host, port=port)
        with pytest.raises(Unavailable) as refused:
            await clinic.relay()

    counts = await _mended(clinic, before)

    assert str(refused.value).startswith(f"{phase}: ")
    assert f"{side}.host" in str(refused.value)
    assert counts == {"verified": 2}
    assert len(clinic.powerserver.documents) == 2


async def test_a_dicom_port_that_speaks_something_else(clinic: Clinic) -> None:
    """A web server behind the DICOM port is told apart from a station that is merely down."""
    clinic.blume.submit_day(normal=1, pdf=0)
    with a_stranger(HTTP_400) as port:
        before = _at_powerserver(clinic, "dicom", port=port)
        with pytest.raises(Malformed, match="does not speak DICOM: check `dicom"):
            await clinic.relay()

    assert await _mended(clinic, before) == {"verified": 1}


@pytest.mark.parametrize(
    ("called", "calling", "told"),
    [
        pytest.param(True, [], "correct `dicom.ae_title`", id="the station's AE title"),
        pytest.param(False, ["SOMEBODY"], "add `dicom.calling_ae_title`", id="our AE title"),
    ],
)
async def test_a_wrong_ae_title_is_told_from_the_other(
    called: bool, calling: list[str], told: str
) -> None:
    """A station refuses either name with a number; it is read out, with whose list to mend."""
    entity = AE(ae_title="RAMSOFT")
    entity.add_supported_context(Verification)
    entity.require_called_aet = called
    entity.require_calling_aet = calling
    server = entity.start_server(("127.0.0.1", 0), block=False)
    assert server is not None
    assert server.socket is not None
    port = server.socket.getsockname()[1]
    wire = DicomWire(host="127.0.0.1", port=port, ae_title="RAMSFOT", timeout_s=5)
    try:
        with DicomStation(wire, read_only=True) as station, pytest.raises(Rejected) as refused:
            await asyncio.to_thread(station.echo)
    finally:
        server.shutdown()

    assert told in str(refused.value)


async def test_a_character_set_that_cannot_carry_a_name_parks_that_form_alone(
    clinic: Clinic,
) -> None:
    """
    No letter is ever replaced by a question mark. A name that the site's character set does not
    have stops its own form, with what to do; the others go.
    """
    _at_powerserver(clinic, "hl7", character_set="8859/1")
    clinic.blume.submit_normal(_named(clinic, 0, "Łukasiewicz"), "registration")
    clinic.blume.submit_normal(_named(clinic, 1, "Conceição"), "registration")

    report = await clinic.relay()

    (parked,) = report.attention
    assert parked.reason == "unencodable"
    assert "character_set" in parked.what_to_do
    assert clinic.ledger.counts("lakeside", "relay-forms") == {
        EffectState.VERIFIED: 1,
        EffectState.PARKED: 1,
    }


def _named(clinic: Clinic, index: int, family: str) -> Any:
    visit = clinic.world.visits[index]
    patient = clinic.omegaai.read("Patient", visit.patient_id)
    patient.pop("meta", None)
    clinic.omegaai.load([{**patient, "name": [{"family": family, "given": ["Ana"]}]}])
    return visit


# -- a run, as Prefect shows it


@pytest.fixture(scope="module")
def town(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnrolledTown]:
    with enrolled_town(tmp_path_factory.mktemp("bad-input"), "bad-input") as enrolled:
        yield enrolled


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once: what is shown here is what they end in."""
    for name in ("observe_submissions", "observe_documents", "deliver_documents"):
        step = getattr(relay, name)
        monkeypatch.setattr(step, "retries", 1)
        monkeypatch.setattr(step, "retry_delay_seconds", [0])


def _failed(town: EnrolledTown, **parameters: Any) -> str:
    """Run the relay, see it fail, and give what the UI says of it."""
    state = town.relay(**parameters)
    assert state.name == "Failed"
    said = str(state.message)
    for visit in town.town.world.visits:
        assert visit.family not in said
        assert visit.patient_number not in said
    return said


def _delivers_all(town: EnrolledTown) -> bool:
    """Wait until what was given back is due again; one run then verifies all there is."""
    with town.database.open() as ledger:
        rows = ledger.open_effects(town.slug, "relay-forms")
    due = max((row.not_before for row in rows if row.not_before), default=datetime.now(UTC))
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    state = town.relay()
    with town.database.open() as ledger:
        return state.name == "Completed" and not ledger.open_effects(town.slug, "relay-forms")


@pytest.mark.prefect_server
def test_an_unknown_organization_fails_with_how_to_enrol_it(town: EnrolledTown) -> None:
    """A slug nobody enrolled is named, with the command that makes its blocks."""
    state = relay_forms("lakesied", return_state=True)

    assert state.name == "Failed"
    assert str(state.message).endswith(
        "UnknownOrganization: there is no accord-site block named 'lakesied' on this Prefect "
        "server; check the slug, or make it with: python -m deployments.bootstrap --organization "
        "FILE.yaml"
    )


@pytest.mark.prefect_server
@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        pytest.param(0, -1, "`until` is not after `since`", id="it ends before it starts"),
        pytest.param(0, 0, "`until` is not after `since`", id="it ends where it starts"),
        pytest.param(24, None, "`since` lies in the future", id="it has not begun yet"),
    ],
)
def test_a_window_in_which_nothing_can_lie_fails(
    town: EnrolledTown, since: int, until: int | None, told: str
) -> None:
    """
    A window that a person got wrong is not swept and found empty, as if nothing had been
    submitted: the run fails, naming the field.
    """
    now = datetime.now(UTC)
    end = None if until is None else now + timedelta(hours=until)

    said = _failed(town, since=now + timedelta(hours=since), until=end)

    assert f"EmptyWindow: {told}" in said
    assert "leave" in said


@pytest.mark.prefect_server
def test_a_time_without_a_zone_is_no_time(town: EnrolledTown) -> None:
    """Eight o'clock in São Paulo is not eight o'clock in Manaus: the offset has to be given."""
    said = _failed(town, since="2026-11-20T08:00:00")

    assert "since: Input should have timezone info" in said


@pytest.mark.prefect_server
def test_a_run_without_powerserver_fails_and_the_next_one_takes_its_forms(
    town: EnrolledTown, impatient: None
) -> None:
    """
    The state says which field to look at; the forms wait in the ledger. Also the retries fail:
    a run that found nothing it may send *yet* does not end well over that.
    """
    town.town.submit_day(normal=1, pdf=1)
    town.town.powerserver.faults.refuse_connections = True
    said = _failed(town)
    town.town.powerserver.faults.refuse_connections = False

    assert "Unavailable: connect: " in said
    assert "`hl7.host`" in said
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_a_run_with_expired_credentials_fails_and_loses_nothing(town: EnrolledTown) -> None:
    """Not retried: what a person has to mend, time does not."""
    right = OmegaAI.of(town.slug)
    town.town.submit_day(normal=1, pdf=0)
    OmegaAI(client_secret=SecretStr("expired")).save(town.slug, overwrite=True)
    said = _failed(town)
    right.save(town.slug, overwrite=True)

    assert "Rejected: authenticate: the token endpoint refuses us; check client id" in said
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_a_run_against_a_server_that_is_not_fhir_fails_and_loses_nothing(
    town: EnrolledTown,
) -> None:
    """A login page in front of OmegaAI is no empty night."""
    base = town.town.omegaai.base_url
    town.town.submit_day(normal=1, pdf=0)
    with a_stranger(http("<html>Sign in</html>", "text/html")) as port:
        town.change_file(f"fhir_base: {base}", f"fhir_base: http://127.0.0.1:{port}/r4")
        said = _failed(town)
    town.change_file(base, base)

    assert "Malformed: process: GET metadata: a web page came instead of FHIR" in said
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_a_ledger_of_another_version_stops_the_run(town: EnrolledTown) -> None:
    """Nothing is written into tables that this code does not know; the command is named."""
    town.town.submit_day(normal=1, pdf=0)
    with _ledger_of_version(town, "0000"):
        said = _failed(town)

    assert "LedgerNotCurrent: " in said
    assert "of version 0000, which this code" in said
    assert _delivers_all(town)


@contextlib.contextmanager
def _ledger_of_version(town: EnrolledTown, version: str) -> Iterator[None]:
    database = Database(town.database.url.get_secret_value())
    change = text("UPDATE alembic_version SET version_num = :version")
    try:
        with database.write() as connection:
            connection.execute(change, {"version": version})
        yield
        with database.write() as connection:
            connection.execute(change, {"version": code_version()})
    finally:
        database.close()


@pytest.mark.prefect_server
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        pytest.param("site_key", "hunter2", "`site_key`: Value error, must be 32", id="site key"),
        pytest.param(
            "url",
            "postgresql://accord:hunter2@127.0.0.1:9/ledger",
            "`url`: the database cannot be opened (OperationalError)",
            id="a database that is not there",
        ),
        pytest.param(
            "url",
            "hunter2",
            "`url`: the database cannot be opened",
            id="no address",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_block_that_somebody_broke_is_named_by_its_field(
    town: EnrolledTown, field: str, value: str, told: str
) -> None:
    """What was typed may be a secret, so it is not repeated; the field and the fix are named."""
    right = town.database
    with get_client(sync_client=True) as client:
        kept = client.read_block_document_by_name(town.slug, "accord-ledger")
        changed = BlockDocumentUpdate(data={field: value}, merge_existing_data=True)
        client.update_block_document(kept.id, changed)
        said = _failed(town)
    right.save(town.slug, overwrite=True)

    assert f"UnusableBlock: the accord-ledger block named '{town.slug}' cannot be used: " in said
    assert told in said
    assert "hunter2" not in said
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_without_its_limit_no_run_starts(town: EnrolledTown) -> None:
    """Two runs at once would be kept apart by nothing: a person runs the bootstrap again."""
    limit = f"relay-forms-{town.slug}"
    with get_client(sync_client=True) as client:
        client.delete_global_concurrency_limit_by_name(limit)
        said = _failed(town)
        limit_one(client, limit)

    assert f"MissingLimit: the concurrency limit '{limit}' does not exist" in said
    assert "run python -m deployments.bootstrap" in said
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_a_wrong_file_never_takes_the_place_of_a_right_one(town: EnrolledTown) -> None:
    """Refused by the bootstrap and by the block's own form in the UI; the runs go on as before."""
    before = Site.of(town.slug).text
    wrong = before.replace("time_zone: America/Sao_Paulo", "time_zone: Sao_Paulo", 1)

    with pytest.raises(WrongOrganizationFile, match="not an IANA time zone"):
        enrol(wrong, {})
    with pytest.raises(WrongOrganizationFile, match="not an IANA time zone"):
        Site(text=wrong)

    assert Site.of(town.slug).text == before
    assert _delivers_all(town)


@pytest.mark.prefect_server
def test_the_connection_test_says_what_it_saw_and_what_it_cannot_tell(
    town: EnrolledTown, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, 1 and 2; HL7 has no question that changes nothing, and it says so."""
    assert connections([town.slug]) == 0
    fine = capsys.readouterr().out
    town.town.powerserver.faults.refuse_connections = True
    assert connections([town.slug]) == 1
    town.town.powerserver.faults.refuse_connections = False
    wrong = capsys.readouterr().out
    assert connections(["nowhere"]) == 2
    with pytest.raises(SystemExit) as helped:
        connections(["--help"])

    assert "PowerServer main, HL7: fine (something takes connections; " in fine
    assert "PowerServer main, DICOM: fine\n" in fine
    assert "PowerServer main, HL7: fine" not in wrong
    assert helped.value.code == 0
    assert "check the slug" in capsys.readouterr().err
    with temporary_settings(updates={PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert connections([]) == 2
    assert "no Prefect server answers" in capsys.readouterr().err


@pytest.mark.prefect_server
@pytest.mark.long
def test_a_decision_about_an_unknown_effect_says_so(town: EnrolledTown) -> None:
    """A mistyped key moves nothing; nor does a move that the effect's state does not allow."""
    town.town.submit_day(normal=1, pdf=0)
    assert _delivers_all(town)
    with town.database.open() as ledger:
        query = select(EFFECT.c.key).where(EFFECT.c.state == EffectState.VERIFIED)
        with ledger._database.read() as connection:
            key = connection.execute(query).scalars().first()

    unknown = release_hold(town.slug, "A" * 20, "Ana", "a test", return_state=True)
    illegal = release_hold(town.slug, str(key), "Ana", "a test", return_state=True)
    retried = retry_effect(town.slug, str(key), "Ana", "a test", return_state=True)

    assert "UnknownEffect: the ledger has no effect AAAA" in str(unknown.message)
    for refused in (illegal, retried):
        assert "it is over, and nothing more is to be done" in str(refused.message)
    assert {unknown.name, illegal.name, retried.name} == {"Failed"}


@pytest.mark.prefect_server
def test_a_word_on_a_task_that_is_not_a_task_of_its_own_says_so(town: EnrolledTown) -> None:
    """An unknown task, or one that ends with its effect, is not ended by `attest-task`."""
    asked = {"organization": town.slug, "process": "relay-forms", "about": "a test"}
    with town.database.open() as ledger:
        ended, other = (
            ledger.open_task(TaskToOpen.model_validate({**asked, "kind": kind})).id
            for kind in ("duplicate-document", "retire-by-hand")
        )

    said = [
        attest_task(town.slug, task, "Ana", "seen", return_state=True)
        for task in ("A" * 20, other, ended, ended)
    ]

    assert [state.name for state in said] == ["Failed", "Failed", "Completed", "Completed"]
    assert "UnknownTask: the ledger has no human task AAAA" in str(said[0].message)
    assert "run done-by-hand" in str(said[1].message)
