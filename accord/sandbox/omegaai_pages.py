"""How a search's page is spoilt: the bundle in, the spoilt bundle out."""

from typing import Any

from accord.sandbox.omegaai_faults import OmegaAIFaults

Bundle = dict[str, Any]


def spoil(bundle: Bundle, faults: OmegaAIFaults, this_page: str) -> Bundle:
    """Apply whichever page faults strike; a page without entries is left in peace."""
    if faults.no_total:
        bundle.pop("total", None)
    if bundle.get("type") != "searchset" or not bundle.get("entry"):
        return bundle
    _spoil_entries(bundle, faults)
    if faults.strikes("looping_next"):
        _point_next(bundle, this_page)
    if faults.strikes("foreign_next"):
        _point_next(bundle, "https://elsewhere.example/fhir/next?page=2")
    return bundle


def _spoil_entries(bundle: Bundle, faults: OmegaAIFaults) -> None:
    if faults.strikes("half_a_page"):
        bundle["entry"] = bundle["entry"][::2]
    if faults.strikes("doubled_entry"):
        bundle["entry"].append(bundle["entry"][-1])
    if faults.strikes("malformed_entry"):
        resource = bundle["entry"][0]["resource"]
        resource.pop("meta", None)
        resource["status"] = {"unexpected": True}
    if faults.strikes("nameless_entry"):
        bundle["entry"][0] = {"resource": 7}


def _point_next(bundle: Bundle, url: str) -> None:
    links = [link for link in bundle.get("link", []) if link["relation"] != "next"]
    bundle["link"] = [*links, {"relation": "next", "url": url}]


def self_link(bundle: Bundle) -> str:
    """Give what the page calls itself."""
    return next((link["url"] for link in bundle.get("link", []) if link["relation"] == "self"), "")
