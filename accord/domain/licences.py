"""Blume's licences: what patients of a facility may do with it."""

from enum import StrEnum


class Licence(StrEnum):
    """
    A facility's licence.

    Source: docs/sources.md#blume-licences
    """

    NONE = "none"
    BPP = "BPP"  # invitations, viewing and sharing
    BPP_FORMS = "BPP+forms"
    BPP_SCHEDULING = "BPP+scheduling"
    BPP_BOTH = "BPP+forms+scheduling"
    AFD = "AFD"  # all of it

    @property
    def covers_all(self) -> bool:
        """Whether patients may fill in forms and schedule themselves."""
        return self in (Licence.AFD, Licence.BPP_BOTH)
