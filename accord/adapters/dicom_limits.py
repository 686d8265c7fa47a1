"""What a DICOM attribute can carry; more is held, never cut."""

from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag


class UnfitForDicom(Exception):
    """
    A text cannot stand in its attribute; it is held, never cut or altered.

    Args:
        field: the attribute, such as `(0010,0020) PatientID`.
        why: what the attribute cannot carry.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field, why)
        self.field, self.why = field, why

    def __str__(self) -> str:
        return f"{self.field} {self.why}: correct it at its source"


def fitting(keyword: str, text: str, limit: int, *, forbidden: str = "\\") -> str:
    """
    Return `text` if its attribute can carry it.

    Args:
        keyword: the attribute, by its DICOM keyword.
        text: what shall stand in it.
        limit: characters it holds.
        forbidden: characters that would be read as separators.

    Raises:
        UnfitForDicom: too long, a control character, or a separator.

    Source: DICOM PS3.5 section 6.2
    """
    if len(text) > limit:
        raise UnfitForDicom(_named(keyword), f"holds {limit} characters and the text is longer")
    if any(ord(character) < 0x20 or character == "\x7f" for character in text):
        raise UnfitForDicom(_named(keyword), "cannot carry control characters")
    if any(character in text for character in forbidden):
        raise UnfitForDicom(_named(keyword), "cannot carry a separator of DICOM's")
    return text


def _named(keyword: str) -> str:
    tag = tag_for_keyword(keyword)
    return f"{Tag(tag)} {keyword}" if tag is not None else keyword
