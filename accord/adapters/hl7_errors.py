"""
What can be wrong with an HL7 message or its text, named by what the caller does next.

    Hl7Error
     |- NotHl7           it can never be read: refuse it
     |- UndecodableText  nobody knows its characters for certain: keep the bytes, hold it
     |- DoesNotFit       a field is too short for the text: hold it, never cut
     `- Unencodable      the declared character set cannot carry the text: hold it

Each names a field or a set, never a value.
"""


class Hl7Error(Exception):
    """A message or a text that cannot be taken as it is; one of the four below is raised."""


class NotHl7(Hl7Error):
    """It does not begin with a usable MSH segment."""


class UndecodableText(Hl7Error):
    """Its bytes have no certain reading: no, an unknown, or a contradicted character set."""


class DoesNotFit(Hl7Error):
    """
    A text is longer than its field; it is held, never cut.

    Args:
        field: such as `TXA-16` or `PID-3.1`.
        limit: characters the field holds.
    """

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(field, limit)
        self.field, self.limit = field, limit

    def __str__(self) -> str:
        return f"{self.field} holds {self.limit} characters and the text is longer: shorten it"


class Unencodable(Hl7Error):
    """The message's character set has no bytes for a text."""

    def __init__(self, field: str, charset: str) -> None:
        super().__init__(field, charset)
        self.field, self.charset = field, charset

    def __str__(self) -> str:
        return (
            f"{self.field} has characters that {self.charset} cannot carry: "
            "set `character_set` of the site's HL7 wire to UNICODE UTF-8"
        )
