"""A lazy view of an HL7 v2 message: nothing is split or decoded before it is asked for."""

from collections.abc import Iterator

from accord.adapters.hl7_charsets import codec
from accord.adapters.hl7_errors import NotHl7, UndecodableText
from accord.adapters.hl7_escapes import Delimiters, delimiters, unescape

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Segment:
    """
    One segment. Fields, repetitions, components and subcomponents count from 1, as HL7 does.

    What is not there reads as empty: a receiver must not fail on what a sender left out.
    """

    __slots__ = ("_fields", "_message", "name", "raw")

    def __init__(self, message: "Message", raw: bytes) -> None:
        self._message = message
        self._fields: list[bytes] | None = None
        self.raw = raw
        self.name = raw[:3].decode("ascii", "backslashreplace")

    def __repr__(self) -> str:
        return f"Segment({len(self.raw)} bytes)"

    def bytes_of(self, field: int) -> bytes:
        """Give a field's own bytes, all its repetitions, still escaped."""
        if self._fields is None:
            self._fields = self.raw.split(self._message.delimiters.field)
        place = field
        if self.name == "MSH":  # MSH-1 is the separator itself
            if field == 1:
                return self._message.delimiters.field
            place = field - 1
        return self._fields[place] if place < len(self._fields) else b""

    def repetitions(self, field: int) -> int:
        """Count a field's repetitions; 0 where the field is empty."""
        return len(self._repetitions(field))

    def text(
        self, field: int, component: int = 1, *, repetition: int = 1, subcomponent: int = 1
    ) -> str:
        """
        Give one subcomponent's text, unescaped; '' where it is not there.

        Raises:
            UndecodableText: its characters are not certain.
        """
        if self._names_delimiters(field):
            return self.whole(field)
        signs = self._message.delimiters
        raw = _part(self._repetitions(field), repetition)
        raw = _piece(raw, signs.component, component)
        return self._decoded(_piece(raw, signs.subcomponent, subcomponent))

    def whole(self, field: int, *, repetition: int = 1) -> str:
        """
        Give a repetition's text unsplit (ST, TX, FT hold no components), unescaped.

        Raises:
            UndecodableText: its characters are not certain.
        """
        if self._names_delimiters(field):
            return self.bytes_of(field).decode("ascii")
        return self._decoded(_part(self._repetitions(field), repetition))

    def components(self, field: int, *, repetition: int = 1) -> tuple[str, ...]:
        """
        Give the components of one repetition, each unescaped but not split further.

        Raises:
            UndecodableText: their characters are not certain.
        """
        raw, sign = _part(self._repetitions(field), repetition), self._message.delimiters.component
        if not raw:
            return ()
        return tuple(self._decoded(part) for part in (raw.split(sign) if sign else [raw]))

    def _repetitions(self, field: int) -> list[bytes]:
        raw, sign = self.bytes_of(field), self._message.delimiters.repetition
        if not raw:
            return []
        return raw.split(sign) if sign and sign in raw else [raw]

    def _names_delimiters(self, field: int) -> bool:
        return field <= 2 and self.name == "MSH"

    def _decoded(self, raw: bytes) -> str:
        return self._message.decode(unescape(raw, self._message.delimiters))


class Message:
    """A message as it came: `raw` is every byte of it, and stays so."""

    __slots__ = ("_absent", "_body", "_codec", "_end", "_segments", "delimiters", "header", "raw")

    def __init__(self, raw: bytes, *, charset_when_absent: str | None = None) -> None:
        self.raw = raw
        self._absent = charset_when_absent
        self._body = raw if raw.startswith(b"MSH") else _from_its_header(raw)
        # Segments end in CR; files and careless senders use LF.
        self._end = b"\r" if b"\r" in self._body else b"\n"
        end = self._body.find(self._end)
        first = self._body if end < 0 else self._body[:end]
        self.delimiters: Delimiters = delimiters(first)
        self.header = Segment(self, first)
        self._segments: tuple[Segment, ...] | None = None
        self._codec: str | None = None

    @classmethod
    def parse(cls, raw: bytes, *, charset_when_absent: str | None = None) -> "Message":
        """
        Look at `raw` as an HL7 message; only its MSH-1 and MSH-2 are read now.

        Args:
            raw: the content of one MLLP block.
            charset_when_absent: table 0211 name by which bytes above 127 are read where
                MSH-18 is empty; None makes such a text `UndecodableText`.

        Raises:
            NotHl7: it does not begin with a usable MSH segment.
        """
        return cls(raw, charset_when_absent=charset_when_absent)

    def __repr__(self) -> str:
        return f"Message({len(self.raw)} bytes)"

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments())

    def segments(self, name: str | None = None) -> tuple[Segment, ...]:
        """Give the segments in their order, or those of one name."""
        if self._segments is None:
            lines = (line.strip(b"\n") for line in self._body.split(self._end)[1:])
            self._segments = (self.header, *(Segment(self, line) for line in lines if line))
        if name is None:
            return self._segments
        return tuple(segment for segment in self._segments if segment.name == name)

    def segment(self, name: str) -> Segment | None:
        """Give the first segment of that name, None if there is none."""
        return next(iter(self.segments(name)), None)

    def text(self, name: str, field: int, component: int = 1, *, repetition: int = 1) -> str:
        """
        Give a text of the first segment of that name; '' where it is not there.

        Raises:
            UndecodableText: its characters are not certain.
        """
        found = self.segment(name)
        return "" if found is None else found.text(field, component, repetition=repetition)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.header.whole(10)

    @property
    def event(self) -> tuple[str, str]:
        """Message code and trigger event: MSH-9.1 and MSH-9.2."""
        return self.header.text(9, 1), self.header.text(9, 2)

    @property
    def version(self) -> str:
        """MSH-12.1."""
        return self.header.text(12)

    def decode(self, raw: bytes) -> str:
        """
        Read bytes in this message's character set.

        Raises:
            UndecodableText: MSH-18 is unknown, contradicted by the bytes, or empty while the
                site does not say how to read that.
        """
        charset = self._charset(raw)
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            # The cause would quote the bytes.
            raise UndecodableText("a text is not in the character set of MSH-18") from None

    def require_text(self) -> None:
        """
        Make sure every byte has a certain reading, before anything of it is used.

        Raises:
            UndecodableText: it has not.
        """
        self.decode(unescape(self._body, self.delimiters))

    def _charset(self, raw: bytes) -> str:
        if self._codec is None:
            # The first repetition is the set of all that does not switch.
            name = self.header.bytes_of(18).split(self.delimiters.repetition or b"~")[0].strip()
            if name:
                self._codec = self._declared(name)
            elif raw.isascii():
                return "ascii"
            elif self._absent is None:
                raise UndecodableText(
                    "MSH-18 is empty and bytes above 127 are there: "
                    "set `character_set_when_absent` of the site's HL7 wire"
                )
            else:
                self._codec = codec(self._absent)
        return self._codec

    def _declared(self, name: bytes) -> str:
        try:
            return codec(name.decode("ascii", "backslashreplace"))
        except UndecodableText:
            # Without a byte of the foreign set in it, every set reads the same.
            if self.raw.isascii() and b"\x1b" not in self.raw:
                return "ascii"
            raise


def _from_its_header(raw: bytes) -> bytes:
    body = raw.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n \t")
    if not body.startswith(b"MSH"):
        raise NotHl7("it does not begin with an MSH segment")
    return body


def _part(parts: list[bytes], number: int) -> bytes:
    return parts[number - 1] if 0 < number <= len(parts) else b""


def _piece(raw: bytes, sign: bytes, number: int) -> bytes:
    if not sign or sign not in raw:
        return raw if number == 1 else b""
    # At most `number` cuts: a document of megabytes is not cut where nobody looks.
    return _part(raw.split(sign, number), number)
