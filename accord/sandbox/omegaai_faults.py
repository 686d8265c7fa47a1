"""What OmegaAI does wrong on request: switches on the peer, never codes of what must be found."""

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Switch = bool | int | float
"""False or 0 never, True always, `n` the next n times, between 0 and 1 with that probability."""


@dataclass
class OmegaAIFaults:
    """The faults of one OmegaAI. Setting a field acts at once, also while it serves."""

    seed: int = 0

    lose_response: Switch = 0
    """A write is done and its connection is cut before a byte of the answer leaves."""
    cut_response: Switch = 0
    """Half an answer's body leaves, then the connection is cut; reads and writes alike."""
    slow_s: float = 0.0
    """Seconds before each answer."""
    too_many: Switch = 0
    """429 to whatever is asked."""
    storm_503: Switch = 0
    retry_after: str = ""
    """Retry-After of 429 and 503, in seconds or as a date; '' leaves it out."""
    half_a_page: Switch = 0
    """Every second entry of a search's page is missing; its total and links stay."""
    looping_next: Switch = 0
    """The next page is this page again."""
    foreign_next: Switch = 0
    """The next page is on another host."""
    doubled_entry: Switch = 0
    """A page's last entry comes twice."""
    malformed_entry: Switch = 0
    """A page's first resource loses its `meta` and gains an element of a wrong type."""
    nameless_entry: Switch = 0
    """A page's first entry is no resource at all."""
    ignores: str = ""
    """Names of search parameters, with spaces between, that it takes and does not act on."""
    no_total: bool = False
    """Searches do not say how many there are."""
    html_200: Switch = 0
    """A proxy's web page, with 200."""
    outcome_200: Switch = 0
    """200 with an OperationOutcome that says no."""
    not_applied: Switch = 0
    """A write is answered as done and is not."""
    token_requests: int = 0
    """How many requests a token is good for; 0 for as many as its lifetime allows."""
    racy_create: bool = False
    """A conditional create looks, waits a moment, then creates: no longer atomic."""
    clock_off_s: float = 0.0
    """Seconds by which the server's clock is ahead."""
    hide_recent_s: float = 0.0
    """Seconds until a search shows a change; reads by id see it at once."""

    def strikes(self, name: str) -> bool:
        """Tell whether the fault strikes on this occasion, and count the occasion."""
        with _LOCK:
            value: Switch = getattr(self, name)
            if isinstance(value, bool):
                return value
            if 0 < value < 1:
                return self._chance().random() < value
            if value >= 1:
                setattr(self, name, value - 1)
                return True
            return False

    def change(self, wanted: Mapping[str, Any]) -> None:
        """
        Set several faults at once; all are checked before the first is set.

        Raises:
            ValueError: a name that is no fault, or a value of another kind than the field's.
        """
        names = {field.name for field in fields(self)}
        for name, value in wanted.items():
            if name not in names:
                raise ValueError(f"no fault is called {name}")
            texts = isinstance(getattr(self, name), str)
            if texts != isinstance(value, str) or not isinstance(value, str | bool | int | float):
                raise ValueError(f"fault {name} takes another kind of value")
        for name, value in wanted.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Behave again."""
        self.change(asdict(OmegaAIFaults(seed=self.seed)))

    def to_json(self) -> dict[str, Any]:
        """Give every switch as it stands now."""
        return asdict(self)

    def _chance(self) -> random.Random:
        kept = self.__dict__.get("_random")
        if kept is None:
            kept = self.__dict__["_random"] = random.Random(self.seed)
        return kept


_LOCK = threading.RLock()
