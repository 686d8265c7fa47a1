"""Places that PowerServer did not show whole: a person is told, and nothing else comes of them."""

from collections.abc import Collection, Iterable

from accord.delivery.asking import lower_alerts, raise_alert
from accord.delivery.desk import Desk

PLACE_NOT_READ = "place-not-read"
NOT_LOOKED_AT = "not-looked-at"
"""Outcome in the audit trail, for each document of such a place."""
LOOK, READ_BACK = "look", "read-back"


def tell_of_places(
    desk: Desk, step: str, looked_at: Iterable[str], not_whole: Collection[str]
) -> None:
    """
    Open one alert for each PowerServer with such a place, and close it where all was seen.

    Args:
        step: `LOOK` or `READ_BACK`: they look at other patients, so each has its own alert.
        looked_at: names of the PowerServers that this step has looked at.
        not_whole: those of them with a place that was not shown whole.
    """
    for powerserver in sorted(looked_at):
        about = f"{powerserver}/{step}"
        if powerserver in not_whole:
            raise_alert(desk, PLACE_NOT_READ, about)
        else:
            lower_alerts(desk, {PLACE_NOT_READ}, about)
