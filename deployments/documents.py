"""The block documents of one organization, made from its file and its secrets."""

from datetime import UTC, datetime
from typing import TypeVar

from pydantic import SecretStr

from accord.domain.organization_text import WrongOrganizationFile
from accord.domain.organizations import OrganizationFile
from accord.domain.wires import OAuthMethod
from accord.ledger.audit import AuditEntry
from accord.ledger.migrate import migrate
from blocks.base import OrganizationBlock, UnknownOrganization
from blocks.ledger import LedgerDatabase
from blocks.omegaai import OmegaAI
from blocks.powerserver import PowerServer
from blocks.site import Site
from deployments.secrets_given import MissingSecret, Secrets

_Stored = TypeVar("_Stored", bound=OrganizationBlock)
BLOCKS: tuple[type[OrganizationBlock], ...] = (Site, OmegaAI, PowerServer, LedgerDatabase)


class SiteKeyChanges(Exception):
    """Another site key was given than the one the organization was enrolled with."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug

    def __str__(self) -> str:
        return (
            f"organization {self.slug}: ACCORD_SITE_KEY differs from the key in use. Under another "
            "key every form gets another name and is sent again; give the old key, or none."
        )


def save_blocks(text: str, file: OrganizationFile, secrets: Secrets) -> list[str] | None:
    """
    Make the organization's block documents, or bring them up to date, and migrate its ledger.

    A secret that is not given again stays as it is. Gives the fields of the file that differ from
    the one in use, by their paths; None: none was in use.

    Raises:
        MissingSecret, SiteKeyChanges, LedgerOfAnotherKey: nothing was saved.
    """
    slug = file.organization.slug
    changed = _changed(slug, file)
    site = Site(text=text, private_directory=_private_directory(slug, secrets))
    ledger = _ledger(site, secrets)
    omegaai = _omegaai(file, secrets)
    powerserver = _powerserver(slug, secrets)
    _begin(ledger, slug)
    for block in (site, omegaai, powerserver, ledger):
        block.save(slug, overwrite=True)
    return changed


def _changed(slug: str, file: OrganizationFile) -> list[str] | None:
    try:
        before = _leaves(Site.of(slug).file.model_dump(mode="json"))
    except (UnknownOrganization, WrongOrganizationFile):
        return None
    now = _leaves(file.model_dump(mode="json"))
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def _leaves(value: object, path: str = "") -> dict[str, object]:
    """Give every single value of nested mappings and lists by its dotted path."""
    if not isinstance(value, dict | list) or not value:
        return {path: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        inner: leaf
        for name, part in parts
        for inner, leaf in _leaves(part, f"{path}.{name}".lstrip(".")).items()
    }


def _private_directory(slug: str, secrets: Secrets) -> str:
    try:
        stored = Site.of(slug).private_directory
    except (UnknownOrganization, WrongOrganizationFile):  # the new text may be the remedy
        stored = ""
    return secrets.get("PRIVATE_DIRECTORY") or stored


def _ledger(site: Site, secrets: Secrets) -> LedgerDatabase:
    slug = site.file.organization.slug
    stored = _stored(LedgerDatabase, slug)
    key, url = secrets.get("SITE_KEY"), secrets.get("LEDGER_URL")
    if stored is not None:
        if key is not None and key != stored.site_key.get_secret_value():
            raise SiteKeyChanges(slug)
        return LedgerDatabase(url=SecretStr(url) if url else stored.url, site_key=stored.site_key)
    why = "a site key is made once, by `python -m deployments.bootstrap --new-site-key`, and kept"
    return LedgerDatabase(
        url=SecretStr(url or f"sqlite:///{site.private_path / 'ledger.db'}"),
        site_key=SecretStr(secrets.require("SITE_KEY", why)),
    )


def _begin(database: LedgerDatabase, slug: str) -> None:
    """Migrate the ledger; the first entry of its trail is this organization's, or this key's."""
    migrate(database.url.get_secret_value())
    with database.open() as ledger:
        ledger.require_our_seal()
        now = datetime.now(UTC)
        ledger.audit([AuditEntry(at=now, actor="bootstrap", action="enrol", what=slug)])


def _omegaai(file: OrganizationFile, secrets: Secrets) -> OmegaAI:
    stored = _stored(OmegaAI, file.organization.slug) or OmegaAI()
    block = OmegaAI(
        client_secret=_given(secrets, "OMEGAAI_CLIENT_SECRET") or stored.client_secret,
        private_key_pem=_given(secrets, "OMEGAAI_PRIVATE_KEY_PEM") or stored.private_key_pem,
        key_id=secrets.get("OMEGAAI_KEY_ID") or stored.key_id,
    )
    oauth = file.site.omegaai.oauth
    if oauth is not None:
        by_key = oauth.method is OAuthMethod.PRIVATE_KEY_JWT
        if (block.private_key_pem if by_key else block.client_secret) is None:
            name = "OMEGAAI_PRIVATE_KEY_PEM" if by_key else "OMEGAAI_CLIENT_SECRET"
            secrets.require(name, f"site.omegaai.oauth.method is {oauth.method}")
    return block


def _powerserver(slug: str, secrets: Secrets) -> PowerServer:
    stored = _stored(PowerServer, slug) or PowerServer()
    block = PowerServer(
        ca_pem=_given(secrets, "POWERSERVER_CA_PEM") or stored.ca_pem,
        certificate_pem=_given(secrets, "POWERSERVER_CERTIFICATE_PEM") or stored.certificate_pem,
        key_pem=_given(secrets, "POWERSERVER_KEY_PEM") or stored.key_pem,
    )
    if (block.certificate_pem is None) != (block.key_pem is None):
        raise MissingSecret(
            "POWERSERVER_CERTIFICATE_PEM and POWERSERVER_KEY_PEM belong together: give both"
        )
    return block


def _given(secrets: Secrets, name: str) -> SecretStr | None:
    value = secrets.get(name)
    return SecretStr(value) if value else None


def _stored(block: type[_Stored], slug: str) -> _Stored | None:
    try:
        return block.of(slug)
    except UnknownOrganization:
        return None
