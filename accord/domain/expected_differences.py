"""Differences between the two systems that a site knows and accepts, each until a day."""

from datetime import date
from typing import Annotated

from pydantic import Field

from accord.domain.base import Record
from accord.domain.parity import Finding
from accord.domain.resources import SLUG, Name

Reason = Annotated[str, Field(min_length=3, max_length=200)]


class ExpectedDifference(Record):
    """One difference that is no finding until its day: whose, which, why and until when."""

    facility: str = Field(pattern=SLUG)
    """The facility's slug."""
    resource: Name
    """Its name, as either side shows it."""
    finding: Finding
    reason: Reason
    until: date
    """The last day on which it is accepted, in the facility's zone."""
