"""The last look at the clock between the commit of `sent` and the first byte."""

from accord.domain.sites import RelayTimings
from accord.ledger.bootclock import boot_seconds
from accord.ledger.records import Sent


class TooLate(Exception):
    """The deadline between `sent` and the first byte has passed: nothing left, look first."""


def require_in_time(ready: Sent, timings: RelayTimings) -> None:
    """
    Let the bytes leave only while nobody else can have taken them for lost.

    Raises:
        TooLate: it took too long since `sent` was written down.
    """
    if ready.deadline(timings.send_within).is_over(boot_seconds()):
        raise TooLate
