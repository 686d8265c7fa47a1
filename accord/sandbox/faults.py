"""What PowerServer does wrong on request: switches on the peer, never codes of what to find."""

import dataclasses
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

Switch = bool | int | float
"""How often a fault strikes: False or 0 never, True always, `n` the next n times, and a number
between 0 and 1 each time with that probability, by the seed."""


@dataclass
class PowerServerFaults:
    """
    The faults of one PowerServer. Setting a field acts at once, also while it serves.

    Each `Switch` counts the occasions named beside it; names that do not exist are refused, so a
    misspelt fault cannot pass for a peer that behaves.
    """

    seed: int = 0

    lose_answers: Switch = 0
    """Processed and filed; the answer never leaves."""
    late_answers: Switch = 0
    """The answer leaves `late_by_s` seconds late, whether or not the sender still waits."""
    late_by_s: float = 1.0
    foreign_answer: Switch = 0
    """MSA-2 names another message."""
    doubled_answer: Switch = 0
    """The whole answer twice, in one write."""
    truncated_answer: Switch = 0
    """Half the answer, no end block, then the connection closes."""
    answer_without_msa: Switch = 0
    answer_code: str = ""
    """AE, AR, CE or CR: what `answer_code_times` messages are answered with, nothing filed."""
    answer_code_times: Switch = True
    denied_after_filing: Switch = 0
    """Processed and filed, and answered AE all the same."""
    reset_after_receive: Switch = 0
    """Processed and filed, then the connection is reset."""
    reset_before_processing: Switch = 0
    """Read, not processed, then the connection is reset."""
    refuse_connections: bool = False
    """The HL7 port refuses; open connections are reset."""
    pause: bool = False
    """Stops reading HL7, as a frozen process would; connections still open."""

    drop_document_silently: Switch = 0
    """Answered AA and not filed."""
    file_twice: Switch = 0
    alter_bytes: Switch = 0
    """Written anew on filing: the same content in other bytes."""
    retype: Switch = 0
    """Filed under `retype_to` instead of the type asked for."""
    retype_to: str = "ADMIN"
    advance_status_on_store: bool = False
    """The documented danger: a stored DICOM object moves its study to COMPLETED."""

    advance_status_on_filing: bool = False
    """The same danger by HL7: a document filed on a study moves it to COMPLETED."""
    phantom_study_on_filing: Switch = 0
    """Filing makes a study beside, with a status of its own, that nobody ordered."""
    keep_withdrawn: Switch = 0
    """A withdrawal (T11) is answered AA, and the document stays."""
    keep_replaced: Switch = 0
    """A replacement (T10) is answered AA and filed, and the old document stays too."""

    read_back_down: bool = False
    """DICOM refuses; open associations are aborted."""
    read_back_slow_s: float = 0.0
    """Seconds before each answer to a DICOM query or retrieval."""
    hide_documents_for_s: float = 0.0
    """Seconds for which what is filed from now on stays out of DICOM, beside the usual delay."""
    half_a_result: Switch = 0
    """A C-FIND gives half its rows and says success."""

    if not TYPE_CHECKING:  # else mypy would take any name

        def __setattr__(self, name: str, value: object) -> None:
            if name not in _FIELDS:
                raise AttributeError(f"no fault is called {name}")
            with _LOCK:
                object.__setattr__(self, name, value)
                watchers = tuple(self.__dict__.get("_watchers", ()))
            for watcher in watchers:
                watcher(name)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Call `watcher` with a field's name whenever that field is set, in the setter's thread."""
        self.__dict__.setdefault("_watchers", []).append(watcher)

    def strikes(self, name: str) -> bool:
        """Tell whether the fault strikes on this occasion, and count the occasion."""
        with _LOCK:
            value: Switch = getattr(self, name)
            if isinstance(value, bool):
                return value
            if 0 < value < 1:
                return self._chance().random() < value
            if value >= 1:
                object.__setattr__(self, name, value - 1)
                return True
            return False

    def change(self, wanted: Mapping[str, Any]) -> None:
        """
        Set several faults at once; all names and types are checked before the first is set.

        Raises:
            ValueError: a name that is no fault, or a value of another kind than the field's.
        """
        for name, value in wanted.items():
            if name not in _FIELDS:
                raise ValueError(f"no fault is called {name}")
            if isinstance(value, str) != isinstance(getattr(self, name), str):
                raise ValueError(f"fault {name} takes another kind of value")
            if not isinstance(value, str | bool | int | float):
                raise ValueError(f"fault {name} takes true, false, a number or a text")
        for name, value in wanted.items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """Give every switch as it stands now."""
        return dataclasses.asdict(self)

    def _chance(self) -> random.Random:
        kept = self.__dict__.get("_random")
        if kept is None:
            kept = self.__dict__["_random"] = random.Random(self.seed)
        return kept


_FIELDS = frozenset(field.name for field in dataclasses.fields(PowerServerFaults))
_LOCK = threading.RLock()
