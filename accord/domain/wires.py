"""How one site's peers are reached, and what they accept: the wires of an organization file.

Nothing here is secret: secrets live in blocks. What the vendor has not published is a setting
with a documented default (docs/open-questions.md).
"""

from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AnyHttpUrl, Field, field_validator

from accord.domain.base import Record
from accord.domain.charsets import codec_of
from accord.domain.forms import FormKind


class AckMode(StrEnum):
    """HL7 acknowledgement mode (2.3.1 section 2.12)."""

    ORIGINAL = "original"  # one answer: the application's
    ENHANCED = "enhanced"  # a commit acknowledgement, then the application's answer


class ReadBack(StrEnum):
    """How this site lets us see what PowerServer holds."""

    DICOM = "dicom"
    PERSON = "person"
    NONE = "none"


class Retrieve(StrEnum):
    """How documents are fetched over DICOM."""

    GET = "get"
    MOVE = "move"


class DocumentRoute(StrEnum):
    """How a document is filed in PowerServer."""

    MDM = "mdm"
    C_STORE = "c-store"  # only after the site's acceptance run


class Tls(Record):
    """TLS of one wire; key material is a secret and lives in a block."""

    enabled: bool = False
    server_name: str = ""
    """Name to check in the peer's certificate; '' takes the host."""


class Hl7Wire(Record):
    """PowerServer's HL7 listener, a RamSoft-branded Mirth (docs/sources.md#ps-hl7)."""

    host: str
    port: int = Field(ge=1, le=65535)
    version: str = Field(default="2.3.1", pattern=r"^2\.(3\.1|4|5|5\.1)$")
    ack_mode: AckMode = AckMode.ORIGINAL
    character_set: str = "UNICODE UTF-8"
    """MSH-18 of what we send: an HL7 table 0211 name."""
    character_set_when_absent: str | None = None
    """How to read MSH-18 left empty with bytes above 127; None: such messages are held."""
    links: int = Field(default=1, ge=1, le=16)
    """Connections at a time; one message in flight on each, a patient always on the same."""
    connect_timeout_s: float = Field(default=5, gt=0)
    answer_timeout_s: float = Field(default=30, gt=0)
    sending_application: str = "ACCORD"
    sending_facility: str = ""
    receiving_application: str = "RAMSOFT"
    receiving_facility: str = ""
    accepts: frozenset[Literal["T02", "T10", "T11"]] = Field(
        default=frozenset({"T02"}), min_length=1
    )
    """Which MDM events this site takes, of T02, T10, T11."""
    takes_repeats: bool = False
    """Whether a repeated MSH-10 is known to be filed once (the acceptance run tells)."""
    data_subtype: str = "PDF"
    """ED.3 of OBX-5: `PDF` or `pdf`, as the site's channel wants it."""
    data_type: str = "AP"
    """ED.2 of OBX-5: `AP` by table 0191, `application` in practice."""
    tls: Tls = Tls()

    @field_validator("character_set", "character_set_when_absent")
    @classmethod
    def _can_be_read(cls, value: str | None) -> str | None:
        if value is not None and codec_of(value) is None:
            raise ValueError(
                "not a character set of HL7 table 0211 that can be read, such as UNICODE UTF-8 "
                "or 8859/1"
            )
        return value


class DicomWire(Record):
    """PowerServer's DICOM station."""

    host: str
    port: int = Field(default=104, ge=1, le=65535)
    ae_title: str = Field(default="RAMSOFT", min_length=1, max_length=16)
    calling_ae_title: str = Field(default="ACCORD", min_length=1, max_length=16)
    find_limit: int = Field(default=100, ge=1)
    """Rows a C-FIND may return; exactly this many counts as truncated."""
    retrieve: Retrieve = Retrieve.GET
    move_port: int = Field(default=0, ge=0, le=65535)
    """Our own storage port for C-MOVE; 0 where unused."""
    timeout_s: float = Field(default=30, gt=0)


class PatientLevelStudy(StrEnum):
    """
    In which study a patient-level document stands: DICOM knows no object without a study.

    Not published for PowerServer, so the default refuses (docs/open-questions.md).
    """

    UNDECIDED = "undecided"
    VISIT = "visit"  # with the study of its accession number; the level still says Patient Docs
    OWN = "own"  # a study of its own, which a worklist may show as a phantom


class FilingSettings(Record):
    """What a site's acceptance run decides about documents sent by C-STORE."""

    patient_level: PatientLevelStudy = PatientLevelStudy.UNDECIDED
    private_creator: str = Field(default="RAMSOFT", min_length=1, max_length=64)
    """Who reserves block 10 of group 311B: not published (docs/open-questions.md)."""
    status_required: bool = True
    """Refuse to send where the peer does not say the study's status. Without this, a status
    missing before and after counts as unchanged."""


class PowerServerWire(Record):
    """One PowerServer: its HL7 and DICOM sides, and what it does with documents."""

    time_zone: str
    """Zone in which its times without an offset are read."""
    hl7: Hl7Wire
    dicom: DicomWire | None = None
    read_back: ReadBack = ReadBack.DICOM
    document_route: DocumentRoute = DocumentRoute.MDM
    filing: FilingSettings = FilingSettings()
    """Only read where `document_route` is `c-store`."""
    document_types: dict[FormKind, str] = {
        FormKind.REGISTRATION: "PATIENT REGISTRATION FORM",
        FormKind.CLINICAL: "CLINICAL",
    }
    document_limit_bytes: int = Field(default=10_000_000, gt=0)
    mirth_version: str = Field(default="", pattern=r"^(\d+(\.\d+){1,3})?$")
    """As its Mirth Administrator shows it, such as 4.4.2; '': nobody has looked."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        return known_zone(value)

    @field_validator("document_types")
    @classmethod
    def _never_an_imaging_report(cls, value: dict[FormKind, str]) -> dict[FormKind, str]:
        if any(name.strip().upper() == "DI" for name in value.values()):
            raise ValueError("DI would file a patient's form as an imaging report")
        return value


class OAuthMethod(StrEnum):
    """How we show who we are at the token endpoint."""

    SECRET = "client_secret"
    PRIVATE_KEY_JWT = "private_key_jwt"


class OAuthWire(Record):
    """OAuth2 client credentials."""

    token_url: AnyHttpUrl
    client_id: str
    method: OAuthMethod = OAuthMethod.SECRET
    scopes: tuple[str, ...] = ()
    """Compared with the granted ones: less is an error, never a surprise later."""


class ResourceElements(Record):
    """Urls of the HealthcareService extensions for what FHIR has no element; '' reads none."""

    default_duration: str = "urn:accord:default-duration"
    overbooking: str = "urn:accord:overbooking"


class OmegaAIWire(Record):
    """OmegaAI's FHIR R4 interface."""

    fhir_base: AnyHttpUrl
    time_zone: str
    oauth: OAuthWire | None = None
    assume_supported: tuple[str, ...] = ()
    """`Type:interaction` that the CapabilityStatement leaves out and the site vouches for."""
    page_size: int = Field(default=100, ge=1, le=1000)
    max_in_flight: int = Field(default=10, ge=1, le=20)
    timeout_s: float = Field(default=30, gt=0)
    form_kind_url: str = "urn:accord:form-kind"
    """Url of the Questionnaire extension (or system of its `code`) that names the template."""
    form_kind_codes: dict[str, FormKind] = {
        "registration": FormKind.REGISTRATION,
        "clinical": FormKind.CLINICAL,
    }
    pdf_form_category: str = "urn:accord:pdf-form|submitted"
    """`system|code` of DocumentReference.category that marks a submitted PDF form."""
    resource_elements: ResourceElements = ResourceElements()
    """How this server says what FHIR has no element for (docs/open-questions.md)."""
    issuers: dict[str, str] = {}
    """Identifier system -> issuer of patient ID."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        return known_zone(value)


def known_zone(name: str) -> str:
    """Return `name` if it is an IANA time zone; ValueError otherwise."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone, such as America/Sao_Paulo") from error
    return name
