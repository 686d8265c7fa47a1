from accord.adapters.hl7_errors import UndecodableText
from accord.domain.charsets import codec_of


def codec(name: str) -> str:
    """
    Give Python's codec for a character set by its HL7 name.

    Raises:
        UndecodableText: a name outside the table, or a set in which delimiters are not ASCII.

    Source: HL7 v2.5.1 table 0211
    """
    found = codec_of(name)
    if found is None:
        raise UndecodableText(
            "the character set (MSH-18, or the site's `character_set`) is none that can be read"
        )
    return found
