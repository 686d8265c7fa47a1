"""Blocks explain themselves, load by slug, and keep their secrets."""

import base64
import pickle
import socket
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr, ValidationError

from accord.domain.organization_text import WrongOrganizationFile
from accord.ledger.migrate import migrate
from blocks.base import OrganizationBlock, UnknownOrganization
from blocks.ledger import LedgerDatabase
from blocks.omegaai import OmegaAI
from blocks.powerserver import PowerServer
from blocks.site import Site
from deployments.catalogue import ROOT
from deployments.documents import BLOCKS
from deployments.local_server import LocalServer

LAKESIDE = (ROOT / "deployments/organizations/lakeside.yaml").read_text(encoding="utf-8")
SITE_KEY = base64.b64encode(b"k" * 32).decode()
SECRET = "hunter2-and-more"


class TestStandards(BlockStandardTestSuite):
    """Prefect's own suite for blocks, without the test that downloads a logo."""

    @pytest.fixture(params=BLOCKS, ids=lambda block: block.get_block_type_slug())
    def block(self, request: pytest.FixtureRequest) -> type[Block]:
        return request.param  # type: ignore[no-any-return]  # one of BLOCKS

    test_has_a_valid_image = None  # type: ignore[assignment]  # it goes to the internet


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        pytest.param(Site, ["text", "private_directory"], id="site"),
        pytest.param(OmegaAI, ["client_secret", "private_key_pem", "key_id"], id="omegaai"),
        pytest.param(PowerServer, ["ca_pem", "certificate_pem", "key_pem"], id="powerserver"),
        pytest.param(LedgerDatabase, ["url", "site_key"], id="ledger"),
    ],
)
def test_fields_are_only_ever_appended(block: type[OrganizationBlock], fields: list[str]) -> None:
    """
    Prefect's schema checksum covers the fields' order: a renamed or moved field orphans what
    sites have stored. Append to this list too; never change what stands in it.
    """
    assert list(block.model_fields)[: len(fields)] == fields
    appended = list(block.model_fields.values())[len(fields) :]
    assert not any(field.is_required() for field in appended)


def test_a_wrong_organization_file_is_refused_when_it_is_saved() -> None:
    """With line and path, so that the author can mend it."""
    wrong = LAKESIDE.replace("port: 2575", "port: 99999")
    with pytest.raises(WrongOrganizationFile, match=r":\d+: site\.powerservers\.main\.hl7\.port"):
        Site(text=wrong)


def test_the_site_block_gives_the_file_and_a_private_directory(tmp_path: Path) -> None:
    """Only the owner may look into the directory that holds patient data."""
    site = Site(text=LAKESIDE, private_directory=str(tmp_path / "lakeside"))
    assert site.file.organization.slug == "lakeside"
    assert site.private_path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["", "c2hvcnQ=", "not base64!"], ids=["empty", "short", "garbage"])
def test_a_site_key_that_is_no_key_is_refused_without_being_quoted(key: str) -> None:
    """pydantic quotes wrong values unless told not to, and Prefect stores error texts."""
    with pytest.raises(ValidationError) as refused:
        LedgerDatabase(url=SecretStr("sqlite:////x"), site_key=SecretStr(key or " "))
    assert "32 random bytes" in str(refused.value)
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(OmegaAI(client_secret=SecretStr(SECRET)), id="omegaai"),
        pytest.param(PowerServer(key_pem=SecretStr(SECRET)), id="powerserver"),
        pytest.param(
            LedgerDatabase(url=SecretStr(SECRET), site_key=SecretStr(SITE_KEY)), id="ledger"
        ),
    ],
)
def test_secrets_do_not_show_in_texts(block: OrganizationBlock) -> None:
    """Neither in a repr, as a log line would show it, nor as JSON."""
    shown = f"{block} {block!r} {block.model_dump_json()}"
    assert SECRET not in shown
    assert SITE_KEY not in shown


def test_the_ledger_block_opens_a_migrated_ledger(tmp_path: Path) -> None:
    """With the site's key and the wall clock, closed by whoever opened it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    migrate(url)
    block = LedgerDatabase(url=SecretStr(url), site_key=SecretStr(SITE_KEY))
    with block.open() as ledger:
        assert ledger is not None


async def test_the_ledger_check_names_the_remedy_and_not_the_url(tmp_path: Path) -> None:
    """An empty database needs the migration; a wrong URL may hold a password."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    empty = LedgerDatabase(url=SecretStr(url), site_key=SecretStr(SITE_KEY))
    (finding,) = await empty.check()
    assert "migrate" in finding.problem
    wrong = LedgerDatabase(url=SecretStr(f"odd://u:{SECRET}@h"), site_key=SecretStr(SITE_KEY))
    (finding,) = await wrong.check()
    assert not finding.is_fine
    assert SECRET not in str(finding)


def test_unknown_organization_survives_pickling() -> None:
    """Prefect pickles the exceptions of failed runs."""
    error = UnknownOrganization("accord-site", "nowhere")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.prefect_server
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.get_block_type_slug())
async def test_an_unknown_slug_names_the_block_and_the_command(
    block: type[OrganizationBlock], prefect_server: LocalServer
) -> None:
    """In synchronous and asynchronous code alike."""
    with pytest.raises(UnknownOrganization, match=rf"{block.get_block_type_slug()}.*bootstrap"):
        block.of("nowhere")
    with pytest.raises(UnknownOrganization):
        await block.aof("nowhere")


@pytest.mark.prefect_server
async def test_a_block_loads_by_slug_in_synchronous_and_asynchronous_code(
    prefect_server: LocalServer,
) -> None:
    """`of` never gives a coroutine, whatever code it is called from."""
    await PowerServer().asave("by-slug", overwrite=True)
    assert PowerServer.of("by-slug").organization == "by-slug"
    assert (await PowerServer.aof("by-slug")).organization == "by-slug"


@pytest.mark.prefect_server
async def test_the_checks_name_each_unreachable_wire(
    prefect_server: LocalServer, tmp_path: Path
) -> None:
    """One finding for each wire, with phase and reason; nothing raised, nothing written."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        closed, closed_too = one.getsockname()[1], two.getsockname()[1]
    text = (
        LAKESIDE.replace("port: 2575", f"port: {closed}")
        .replace("port: 11112", f"port: {closed_too}")
        .replace("https://fhir.lakeside.example.invalid", f"http://127.0.0.1:{closed}")
        .replace("https://login.lakeside.example.invalid", f"http://127.0.0.1:{closed}")
    )
    await Site(text=text, private_directory=str(tmp_path)).asave("dark", overwrite=True)
    for block in (PowerServer(), OmegaAI(client_secret=SecretStr(SECRET))):
        await block.asave("dark", overwrite=True)
    findings = [
        finding
        for block in (Site, PowerServer, OmegaAI)
        for finding in await (await block.aof("dark")).check()
    ]
    assert [f.wire for f in findings if f.is_fine] == ["private directory"]
    assert {f.wire for f in findings if not f.is_fine} == {
        "PowerServer main, HL7",
        "PowerServer main, DICOM",
        "OmegaAI",
    }
    assert all("connect" in f.problem for f in findings if not f.is_fine)
