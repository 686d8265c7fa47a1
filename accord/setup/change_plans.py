"""A plan as a person approves it: each change word for word, and what it rests on."""

from enum import StrEnum
from hashlib import sha256

from accord.domain.base import Record
from accord.domain.effects import Intent
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.keys import opaque
from accord.ledger.applied import Applied
from accord.setup.changes import REFUSED, Change, Verdict

_INTENTS = {
    Verdict.CREATE: Intent.CREATE_RESOURCE,
    Verdict.UPDATE: Intent.UPDATE_RESOURCE,
    Verdict.RETIRE: Intent.RETIRE_RESOURCE,
}


class Kind(StrEnum):
    """What a change is about; what others rest on comes first, and is carried out first."""

    ROOM = "room"
    SERVICE = "service"


class PlannedChange(Record):
    """One change, with all that is needed to carry it out: nothing is read from the file again."""

    kind: Kind = Kind.SERVICE
    change: Change
    fields: dict[str, str]
    """All fields as the file had them; what is written are those of `change`."""
    owned: tuple[str, ...]
    """Sorted; what is read back is compared in these."""
    protected: bool = False
    etag: str = ""
    """Of the object as the plan found it; it is written only while it is still the same."""
    organization_id: str = ""
    room_id: str = ""
    """Where it stands at OmegaAI, by logical ids; '' where nothing of that is written."""
    in_new_room: bool = False
    """Whether its room is made by the same plan: it is found when its turn comes."""

    @property
    def intent(self) -> Intent:
        """What its effect means to change."""
        return _INTENTS[self.change.verdict]

    @property
    def is_writable(self) -> bool:
        """Whether something leaves for it: neither refused, nor only our own note."""
        return self.change.verdict in _INTENTS

    @property
    def text(self) -> str:
        """The plan's own words of it, equal for equal changes."""
        return self.model_dump_json()

    @property
    def digest(self) -> Digest:
        """SHA-256 of its words."""
        return Digest(sha256(self.text.encode()).hexdigest())

    def key(self, site_key: bytes, organization: str) -> EffectKey:
        """Name its effect: the same change of the same object, found as it is, is the same."""
        parts = (organization, self.change.key, str(self.intent), self.digest)
        return EffectKey(opaque(site_key, "set-up", *parts))


class ChangePlan(Record):
    """All that is to become of an organization's objects."""

    items: tuple[PlannedChange, ...] = ()
    refused: tuple[Change, ...] = ()
    """What nothing is done about until a person has decided."""
    forgotten: tuple[str, ...] = ()
    """Objects that are neither declared nor there: only our own note of them goes."""
    agreed: tuple[Applied, ...] = ()
    """Objects that are as the file says."""
    unmanaged: tuple[str, ...] = ()
    """Ids of what no file ever declared: left alone."""
    unreadable: tuple[str, ...] = ()
    """Ids of what OmegaAI shows and nobody understands: nothing is concluded about it."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not self.items

    @property
    def is_settled(self) -> bool:
        """Whether all is as the file says, as far as anybody can see."""
        return not (self.items or self.refused or self.unreadable)


def refusal(change: Change, verdict: Verdict) -> Change:
    """Give a change that nothing is done about, and why."""
    assert verdict in REFUSED
    return change.model_copy(update={"verdict": verdict})
