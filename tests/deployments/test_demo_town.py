"""The demo's patients: what they did is written down, and stays true while the demo looks at it."""

import threading
from pathlib import Path
from typing import Any, cast

from accord.sandbox.town import Town
from deployments.demo_house import GO_ON as SAID_BY_THE_HOUSE
from deployments.demo_town import GO_ON, _live_on


class CountingTown:
    """Counts the forms that its patients submit, and ends once it has seen enough."""

    def __init__(self, directory: Path, ending: threading.Event) -> None:
        self.directory, self._ending = directory, ending
        self.submitted: list[dict[str, Any]] = []

    def submit_day(self, **what: Any) -> None:
        self.submitted.append(what)
        if len(self.submitted) == 3:
            self._ending.set()


def test_nobody_submits_before_somebody_says_so(tmp_path: Path) -> None:
    """A form that comes while the first run is judged would look like one that nobody knows."""
    ending = threading.Event()
    town = CountingTown(tmp_path, ending)
    living = threading.Thread(target=_live_on, args=(cast(Town, town), ending, 0.01), daemon=True)
    living.start()
    living.join(0.3)
    assert town.submitted == []

    assert GO_ON == SAID_BY_THE_HOUSE
    (tmp_path / GO_ON).touch()
    living.join(30)

    assert town.submitted == [
        {"normal": 1, "pdf": 0},
        {"normal": 0, "pdf": 1},
        {"normal": 1, "pdf": 0},
    ]
