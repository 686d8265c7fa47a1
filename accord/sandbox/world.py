import json
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self


@dataclass(frozen=True)
class Setting:
    """The names all three simulated systems agree on; a test may choose others."""

    organization: str = "lakeside"
    organization_name: str = "Lakeside Imagem"
    facility: str = "lakeside-paulista"
    facility_name: str = "LAKESIDE PAULISTA"
    time_zone: str = "America/Sao_Paulo"
    issuer: str = "LAKESIDE"
    identifier_system: str = "urn:oid:2.16.76.1.99.1"
    form_kind_url: str = "urn:accord:form-kind"
    pdf_form_category: str = "urn:accord:pdf-form|submitted"


@dataclass(frozen=True)
class Visit:
    """
    One patient, one order, one study, one appointment, as every simulated system knows them.

    `start` is aware. The three ids are OmegaAI's logical ids; the rest is what PowerServer
    and the modalities see.
    """

    patient_id: str
    service_request_id: str
    appointment_id: str
    patient_number: str
    issuer: str
    family: str
    given: str
    birth_date: date
    sex: str
    email: str
    accession: str
    placer_order: str
    study_uid: str
    modality: str
    study_description: str
    start: datetime
    facility: str

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Read back what `plain` wrote."""
        return cls(
            **{
                **plain,
                "birth_date": date.fromisoformat(plain["birth_date"]),
                "start": datetime.fromisoformat(plain["start"]),
            }
        )

    def plain(self) -> dict[str, Any]:
        """Give the visit in JSON's own types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **values,
            "birth_date": self.birth_date.isoformat(),
            "start": self.start.isoformat(),
        }


@dataclass(frozen=True)
class World:
    """What is true in the simulated clinic before anyone submits a form."""

    setting: Setting
    visits: tuple[Visit, ...]

    def to_json(self) -> str:
        """Write the world as one JSON object, for another process."""
        setting = {field.name: getattr(self.setting, field.name) for field in fields(Setting)}
        visits = [visit.plain() for visit in self.visits]
        return json.dumps({"setting": setting, "visits": visits}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read back what `to_json` wrote."""
        plain = json.loads(text)
        return cls(
            setting=Setting(**plain["setting"]),
            visits=tuple(Visit.from_plain(visit) for visit in plain["visits"]),
        )
