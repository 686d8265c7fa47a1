"""The `site:` part of an organization file: its wires, how long to wait for what, what to keep."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from accord.domain.acceptance import Acceptance
from accord.domain.base import Record
from accord.domain.wires import OmegaAIWire, PowerServerWire

Positive = Annotated[timedelta, Field(gt=timedelta(0))]
NotNegative = Annotated[timedelta, Field(ge=timedelta(0))]
"""Lengths of time: one that ran backwards would leave changes unseen."""


class RelayTimings(Record):
    """How long the relay of forms waits for what, for one site."""

    visibility_delay: Positive = timedelta(minutes=2)
    """Longest delay until OmegaAI's search shows a change; the sweep overlaps by more."""
    grace: NotNegative = timedelta(minutes=30)
    """In back-up mode: how long the vendor's own synchronisation has."""
    send_within: Positive = timedelta(seconds=30)
    """From `sent` to the last moment at which the first byte may leave (boot clock)."""
    settle_after: Positive = timedelta(minutes=2)
    """From `sent` to the first look at what is in doubt; longer than `send_within`."""
    settle_again: NotNegative = timedelta(minutes=2)
    """Between the two looks that must both find nothing."""
    visible_in_run: NotNegative = timedelta(seconds=20)
    """How long one run polls for what has landed."""
    visible_within: Positive = timedelta(minutes=30)
    """Landed and not visible by then: parked, for a person."""
    lease: Positive = timedelta(minutes=2)
    vendor_tolerance: NotNegative = timedelta(minutes=30)
    """Between submission and the vendor's copy of a rendered form, either way."""

    @model_validator(mode="after")
    def _nothing_leaves_once_it_was_looked_for(self) -> Self:
        if self.settle_after <= self.send_within:
            raise ValueError(
                "relay.settle_after must be longer than relay.send_within: what is still on its"
                " way must not be taken for absent"
            )
        return self


class Retention(Record):
    """How long this site keeps what it no longer needs (docs/privacy.md)."""

    ledger: timedelta = Field(default=timedelta(days=730), ge=timedelta(days=30))
    """After this, an effect that is over keeps its key, digest and state; ids are emptied."""


class Site(Record):
    """How one organization's peers are reached. One PowerServer per name."""

    locale: str = Field(default="pt-BR", pattern=r"^(pt-BR|en-US)$")
    powerservers: dict[str, PowerServerWire]
    omegaai: OmegaAIWire
    relay: RelayTimings = RelayTimings()
    retention: Retention = Retention()
    acceptance: Acceptance = Acceptance()
    """The synthetic patient of the flow `accept-site`."""
