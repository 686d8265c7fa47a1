import time
from dataclasses import dataclass
from datetime import timedelta


def boot_seconds() -> float:
    """
    Give the seconds since this machine started, sleep included.

    Unlike the wall clock it is never set, and unlike the monotonic clock it goes on while the
    machine is suspended: a worker that wakes after a night sees that its time is over.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the boot clock of one machine, after which nothing may leave any more."""

    at_s: float

    @classmethod
    def after(cls, start_s: float, within: timedelta) -> "Deadline":
        """Give the deadline `within` of `start_s` (boot seconds)."""
        return cls(start_s + within.total_seconds())

    def is_over(self, boot_s: float) -> bool:
        """Whether the deadline has passed at `boot_s` (boot seconds)."""
        return boot_s >= self.at_s

    def left_s(self, boot_s: float) -> float:
        """Seconds that remain at `boot_s`; never below zero."""
        return max(0.0, self.at_s - boot_s)
