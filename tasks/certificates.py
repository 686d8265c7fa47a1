"""The parity certificate: signed, kept in the site's private directory, named in an artifact."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from accord import __version__
from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.certificates import SignedCertificate
from accord.ledger.audit import AuditEntry
from accord.ledger.humantasks import TaskState
from accord.rendering.certificate import certificate_pdf
from accord.setup.certifying import Evidence, certify
from accord.setup.comparing import Parity
from accord.setup.omegaai_side import in_use, omegaai_side
from accord.setup.signing import sign
from blocks.site import Site
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.markdown import table
from tasks.policies import PATIENT
from tasks.resources import Grids
from tasks.sealed import Sealed

CERTIFY = "certify-parity"
DIRECTORY = "certificates"
TOOL = f"accord {__version__}"

_WORDS = {
    "pt-BR": {
        "title": "Certificado de paridade",
        "head": ("Lado", "Recursos", "SHA-256"),
        "rest": "diferenças aceitas {accepted}, atestado por pessoas {attested}, visto na rede "
        "{observed}, planos aprovados {approved}",
        "file": "Arquivo no diretório privado do local: `{name}.json`, e `{name}.pdf` para ler.",
        "key": "Chave pública: `{key}`",
    },
    "en-US": {
        "title": "Parity certificate",
        "head": ("Side", "Resources", "SHA-256"),
        "rest": "accepted differences {accepted}, attested by people {attested}, seen on the wire "
        "{observed}, approved plans {approved}",
        "file": "File in the site's private directory: `{name}.json`, and `{name}.pdf` to read.",
        "key": "Public key: `{key}`",
    },
}


@task(name="issue certificate", **PATIENT)
@guarded
def issue_certificate(
    organization: str, grids: Grids, services: Sealed[ServicesSeen], parity: Sealed[Parity]
) -> Sealed[SignedCertificate]:
    """
    Sign what was seen, and keep it as JSON and PDF in the site's private directory.

    Raises:
        NotAlike: the two systems differ, or not all could be compared; see the cards.
    """
    site = Site.of(organization)
    facilities = site.file.organization.facilities
    sides = {
        "powerserver": grids.value[0],
        "omegaai": in_use(omegaai_side(services.value.services, facilities), grids.value[0]),
    }
    with desk_of(organization) as desk:
        tasks = desk.ledger.tasks(desk.slug, list(TaskState))
        evidence = Evidence(sides, tasks, desk.ledger.plans(desk.slug))
        certificate = certify(
            site.file.organization, parity.value, evidence, tool=TOOL, now=desk.now()
        )
        signed = sign(certificate, desk.site_key)
        name = file_name(signed)
        pdf = certificate_pdf(signed, site.file.site.locale)
        _keep(site.private_path / DIRECTORY, name, signed, pdf)
        entry = AuditEntry(
            at=desk.now(),
            actor=f"{CERTIFY}/{desk.run or 'by hand'}",
            action="certify",
            what=name,
            outcome="signed",
        )
        desk.ledger.audit([entry])
    return Sealed(signed)


@task(name="report certificate", **PATIENT)
@guarded
def report_certificate(organization: str, signed: Sealed[SignedCertificate]) -> None:
    """Say in an artifact what was certified, by which key, and under which name it is kept."""
    words: Mapping[str, Any] = _WORDS[Site.of(organization).file.site.locale]
    certificate = signed.value.certificate
    lines = [f"# {words['title']}", ""]
    lines += table(words["head"], [(c.side, c.count, c.digest) for c in certificate.collections])
    lines += [
        words["rest"].format(
            accepted=len(certificate.accepted),
            attested=len(certificate.attested),
            observed=certificate.observed,
            approved=len(certificate.approved),
        ),
        "",
        words["file"].format(name=file_name(signed.value)),
        "",
        words["key"].format(key=signed.value.public_key),
    ]
    create_markdown_artifact(key=f"{CERTIFY}-{organization}", markdown="\n".join(lines) + "\n")


def conclude_certificate(signed: Sealed[SignedCertificate]) -> State[Any]:
    """Give the state of a run that has certified."""
    counts = ", ".join(f"{c.side} {c.count}" for c in signed.value.certificate.collections)
    return Completed(message=f"certified: {counts}; {file_name(signed.value)}")


def file_name(signed: SignedCertificate) -> str:
    """Name a certificate's files: organization and moment, without an ending."""
    certificate = signed.certificate
    return f"{certificate.organization}-{certificate.issued_at:%Y%m%dT%H%M%SZ}"


def _keep(directory: Path, name: str, signed: SignedCertificate, pdf: bytes) -> None:
    directory.mkdir(exist_ok=True, mode=0o700)
    for ending, content in (
        ("json", signed.model_dump_json(indent=2).encode()),
        ("pdf", pdf),
    ):
        being_written = directory / f".{name}.{ending}"
        being_written.write_bytes(content)
        being_written.replace(directory / f"{name}.{ending}")
