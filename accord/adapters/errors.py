"""
Every failure of a peer is one of four, named by what the caller does next.

    PeerError
     |- Unavailable   nothing was sent; retry
     |- Uncertain     sent, and no answer tells; look first
     |- Rejected      the peer refused; a person
     `- Malformed     the peer broke its protocol; report it

Each names its phase and never holds patient data: messages name the field, the phase and the
fix. They survive pickling, since Prefect pickles the exceptions of failed runs.
"""

from enum import StrEnum


class Phase(StrEnum):
    """Where in a conversation with a peer something failed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "TLS"
    AUTHENTICATE = "authenticate"
    SEND = "send"
    ACCEPT = "accept"
    PROCESS = "process"
    VERIFY = "verify"


class PeerError(Exception):
    """
    A failure of a peer; one of the four below is raised, never this.

    Args:
        text: what happened and how to mend it, without values of patients.
        phase: where in the conversation.
        code: the peer's own code (`AE`, `404`, `0xA700`), '' where it gave none.
        retry_after_s: seconds the peer asked us to wait, where it did.
    """

    def __init__(
        self, text: str, phase: Phase, code: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(text, phase, code, retry_after_s)
        self.text, self.phase, self.code, self.retry_after_s = text, phase, code, retry_after_s

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return f"{self.phase}: {self.text}{code}"


class Unavailable(PeerError):
    """The peer could not be reached or was not ready; nothing was sent. Time may heal it."""


class Uncertain(PeerError):
    """It was sent and no whole answer came: look at the peer before anything else."""


class Rejected(PeerError):
    """The peer answered, and refused. Only a person can change that."""


class Malformed(PeerError):
    """The peer broke its protocol. Report it to whoever runs the peer."""


UNFORESEEN = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What odd data makes code raise that nobody wrote for it: one form's trouble stays its own."""
