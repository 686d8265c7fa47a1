"""What a file cannot say of a live site, and what a person does about it."""

from enum import StrEnum

from accord.domain.base import Record


class Untold(StrEnum):
    """Why the file cannot say of a service what OmegaAI shows, and what to do about it."""

    UNREADABLE = "it cannot be understood: mend it in OmegaAI"
    NOBODYS = "it names no organization: give it one in OmegaAI"
    ANOTHERS = "it stands in another facility than its own name says: set up one of them anew"
    NO_ROOM = "it stands in no room: give it one in OmegaAI"
    NO_HOURS = "it has no working hours: give it some in OmegaAI"
    BROKEN_DAY = "a day has several spans of hours, and a file has one: join them in OmegaAI"
    WRONG_VALUE = "a file may not hold its values (a modality, a name or a duration): mend them"
    MADE_TWICE = "another service carries our own name of it too: retire the copy in OmegaAI"
    NAMED_TWICE = "another service of its facility has its name: rename one in OmegaAI"
    NO_DURATION = "it has no default duration: the file says 01:00, and a plan will write that"
    NO_OVERBOOKING = "it does not say whether it overbooks: the file says no, a plan writes that"
    NO_DEPARTMENT = "OmegaAI tells no department of its room: put its name in place of `?`"
    NO_CLASS = "several modalities, and OmegaAI tells no Class: check `resource_class`"


LEFT_OUT = frozenset(Untold) - {
    Untold.NO_DURATION,
    Untold.NO_OVERBOOKING,
    Untold.NO_DEPARTMENT,
    Untold.NO_CLASS,
}
"""Such a service is not in the exported file; the others are, with what is told of them."""


class Remark(Record):
    """One service of which the file says less, or other things, than OmegaAI shows."""

    service: str
    """Its id at OmegaAI."""
    why: Untold
