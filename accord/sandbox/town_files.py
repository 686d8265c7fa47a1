"""What the sandbox writes down for whoever wants to reach it: addresses, an organization file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from accord.sandbox.omegaai import ASSUMED, OmegaAISim
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.world import Setting

SANDBOX_FILE, ORGANIZATION_FILE = "sandbox.json", "lakeside.yaml"
HOST = "127.0.0.1"
HEAD = "# Written by the sandbox; its ports live as long as it runs.\n"


def sandbox_facts(omegaai: OmegaAISim, powerserver: PowerServerSim) -> dict[str, Any]:
    """Give the three systems' addresses, and the credentials that open this sandbox only."""
    return {
        "powerserver": {
            "host": HOST,
            "hl7_port": powerserver.hl7_port,
            "dicom_port": powerserver.dicom_port,
            "ae_title": powerserver.settings.ae_title,
            "web_url": powerserver.web_url,
        },
        "omegaai": {
            "fhir_base": omegaai.base_url,
            "token_url": omegaai.token_url,
            "client_id": omegaai.client_id,
            "client_secret": omegaai.client_secret,
        },
    }


def organization(
    omegaai: OmegaAISim,
    powerserver: PowerServerSim,
    setting: Setting,
    relay: Mapping[str, str],
) -> dict[str, Any]:
    """
    Give the simulated clinic's organization file.

    Args:
        relay: overrides of the relay's timings, as ISO 8601 durations.
    """
    site: dict[str, Any] = {
        "locale": "pt-BR",
        "powerservers": {"main": _powerserver(powerserver, setting)},
        "omegaai": {
            "fhir_base": omegaai.base_url,
            "time_zone": setting.time_zone,
            "oauth": {"token_url": omegaai.token_url, "client_id": omegaai.client_id},
            "assume_supported": list(ASSUMED),
            "form_kind_url": setting.form_kind_url,
            "pdf_form_category": setting.pdf_form_category,
            "issuers": {setting.identifier_system: setting.issuer},
        },
    }
    if relay:
        site["relay"] = dict(relay)
    return {"site": site, "organization": _organization(setting)}


def _powerserver(powerserver: PowerServerSim, setting: Setting) -> dict[str, Any]:
    settings = powerserver.settings
    return {
        "time_zone": settings.zone,
        "hl7": {
            "host": HOST,
            "port": powerserver.hl7_port,
            "ack_mode": "enhanced" if settings.enhanced else "original",
            "accepts": sorted(settings.accepts & {"T02", "T10", "T11"}),
            "takes_repeats": settings.recognises_repeats,
        },
        "dicom": {
            "host": HOST,
            "port": powerserver.dicom_port,
            "ae_title": settings.ae_title,
            "find_limit": settings.find_limit,
        },
    }


def _organization(setting: Setting) -> dict[str, Any]:
    facility = {
        "slug": setting.facility,
        "name": setting.facility_name,
        "time_zone": setting.time_zone,
        "issuer": setting.issuer,
        "powerserver": "main",
        "omegaai_id": setting.facility,
    }
    return {
        "slug": setting.organization,
        "name": setting.organization_name,
        "facilities": [facility],
    }


def write(directory: Path, facts: dict[str, Any], file: dict[str, Any]) -> tuple[Path, Path]:
    """Write both files; the addresses' file holds a secret and is its owner's alone."""
    directory.mkdir(parents=True, exist_ok=True)
    organization_file, sandbox_file = directory / ORGANIZATION_FILE, directory / SANDBOX_FILE
    text = yaml.safe_dump(file, sort_keys=False, allow_unicode=True)
    organization_file.write_text(HEAD + text, encoding="utf-8")
    sandbox_file.touch(mode=0o600)
    sandbox_file.chmod(0o600)
    facts = {**facts, "organization_file": str(organization_file)}
    sandbox_file.write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")
    return organization_file, sandbox_file
