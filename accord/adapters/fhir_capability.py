from collections.abc import Iterable
from dataclasses import dataclass, field

from accord.adapters.errors import Malformed, Phase, Rejected
from accord.adapters.fhir_elements import JsonObject, Misshapen, objects, text


class NotOffered(Rejected):
    """The CapabilityStatement does not declare it and the site does not vouch for it."""


@dataclass(frozen=True)
class Capability:
    """What a server declares, and what the site vouches for beyond that."""

    declared: frozenset[str]
    """`Type:interaction`."""
    assumed: frozenset[str] = frozenset()
    search_by: dict[str, frozenset[str]] = field(default_factory=dict)
    """Search parameters declared, by type."""

    def require(self, type_: str, interaction: str) -> None:
        """
        Refuse what the server does not offer.

        Raises:
            NotOffered: nothing was sent.
        """
        if not self.offers(type_, interaction):
            raise NotOffered(
                f"the server does not declare {type_}:{interaction}; if the vendor confirms it, "
                f"list it under `omegaai.assume_supported`",
                Phase.PROCESS,
                "not-offered",
            )

    def offers(self, type_: str, interaction: str) -> bool:
        """Tell whether an interaction is declared, or vouched for by the site."""
        return f"{type_}:{interaction}" in self.declared | self.assumed

    def searches_by(self, type_: str, parameter: str) -> bool:
        """Tell whether a search parameter is declared for a type."""
        return parameter in self.search_by.get(type_, frozenset())

    @property
    def leaned_on(self) -> frozenset[str]:
        """What only the site vouches for: every report shows it."""
        return self.assumed - self.declared


def read_capability(statement: JsonObject, assumed: Iterable[str]) -> Capability:
    """
    Read a CapabilityStatement.

    Raises:
        Malformed: it is no CapabilityStatement, or not of FHIR R4.
    """
    if statement.get("resourceType") != "CapabilityStatement":
        raise Malformed(
            "GET metadata: no CapabilityStatement; `fhir_base` is not a FHIR server's base",
            Phase.PROCESS,
        )
    try:
        if not text(statement, "fhirVersion").startswith("4.0"):
            raise Malformed(
                "GET metadata: the server does not speak FHIR R4 (4.0.x); ask for its R4 base",
                Phase.PROCESS,
            )
        return _capability(statement, assumed)
    except Misshapen as error:
        raise Malformed(
            f"GET metadata: the CapabilityStatement's `{error}` cannot be understood",
            Phase.PROCESS,
        ) from None


def _capability(statement: JsonObject, assumed: Iterable[str]) -> Capability:
    servers = [rest for rest in objects(statement, "rest") if text(rest, "mode") == "server"]
    resources = [resource for rest in servers for resource in objects(rest, "resource")]
    return Capability(
        declared=frozenset(
            f"{text(resource, 'type')}:{text(interaction, 'code')}"
            for resource in resources
            for interaction in objects(resource, "interaction")
        ),
        assumed=frozenset(assumed),
        search_by={
            text(resource, "type"): frozenset(
                text(parameter, "name") for parameter in objects(resource, "searchParam")
            )
            for resource in resources
        },
    )
