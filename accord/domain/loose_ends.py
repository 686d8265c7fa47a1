"""What no single field of an organization file can tell: names that lead nowhere, secrets in
addresses, two wires in one place."""

from collections.abc import Iterator, Mapping
from typing import Any

from accord.domain.yaml_nodes import KeyPath

LooseEnd = tuple[KeyPath, str]
"""Where in the file, and what is wrong there; no value is quoted."""

_ADDRESSES = (("site", "omegaai", "fhir_base"), ("site", "omegaai", "oauth", "token_url"))


def loose_ends(tree: Any) -> Iterator[LooseEnd]:
    """Give every loose end of a file as it was read from YAML, however wrong it is otherwise."""
    yield from _of_facilities(tree)
    yield from _of_expected(tree)
    yield from _of_addresses(tree)
    yield from _of_powerservers(tree)


def _of_facilities(tree: Any) -> Iterator[LooseEnd]:
    powerservers = _at(tree, "site", "powerservers")
    issuers = _at(tree, "site", "omegaai", "issuers")
    facilities = _at(tree, "organization", "facilities")
    for index, facility in enumerate(facilities if isinstance(facilities, list) else []):
        path = ("organization", "facilities", index)
        if _leads_nowhere(_at(facility, "powerserver"), powerservers):
            known = ", ".join(map(str, powerservers))
            yield (*path, "powerserver"), f"names no entry of site.powerservers ({known})"
        if (
            isinstance(issuers, Mapping)
            and issuers
            and _leads_nowhere(_at(facility, "issuer"), dict.fromkeys(map(str, issuers.values())))
        ):
            reason = "no identifier system of site.omegaai.issuers stands for this issuer"
            yield (*path, "issuer"), f"{reason}: add it there, or mend it here"


def _of_expected(tree: Any) -> Iterator[LooseEnd]:
    facilities = _at(tree, "organization", "facilities")
    listed = facilities if isinstance(facilities, list) else []
    slugs = dict.fromkeys(slug for each in listed if isinstance(slug := _at(each, "slug"), str))
    expected = _at(tree, "organization", "expected_differences")
    for index, entry in enumerate(expected if isinstance(expected, list) else []):
        if _leads_nowhere(_at(entry, "facility"), slugs):
            path = ("organization", "expected_differences", index, "facility")
            yield path, "names no facility of this file, by its slug"


def _leads_nowhere(name: Any, known: Any) -> bool:
    return isinstance(name, str) and isinstance(known, Mapping) and name not in known


def _of_addresses(tree: Any) -> Iterator[LooseEnd]:
    for path in _ADDRESSES:
        address = _at(tree, *path)
        if isinstance(address, str) and "@" in address.split("://")[-1].split("/")[0]:
            yield path, "must not hold a user or password: secrets live in the site's block"


def _of_powerservers(tree: Any) -> Iterator[LooseEnd]:
    powerservers = _at(tree, "site", "powerservers")
    for name, wire in powerservers.items() if isinstance(powerservers, Mapping) else ():
        hl7, dicom = (
            (_at(wire, side, "host"), _at(wire, side, "port")) for side in ("hl7", "dicom")
        )
        if hl7 == dicom and None not in hl7:
            path = ("site", "powerservers", str(name), "dicom", "port")
            yield path, "is the port of hl7 too: each of the two listens on one of its own"


def _at(tree: Any, *path: str) -> Any:
    for part in path:
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree
