"""Which documents at PowerServer are our own sending of an order, for certain."""

from collections.abc import Iterable, Mapping, Sequence

from accord.delivery.readback import SameDocument, digests_of, may_be
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.identifiers import EffectKey, Uid


def ours_among(
    orders: Iterable[DocumentOrder],
    seen: Sequence[DocumentSeen],
    contents: Mapping[Uid, bytes],
    same: SameDocument,
) -> dict[EffectKey, DocumentSeen]:
    """
    Find what can only be our own sending of these orders, one to one.

    Our rendering's bytes are nobody else's. A PDF form's bytes may be the vendor's too, and bytes
    may be changed on filing: then our own title tells.
    """
    digests = digests_of(contents)
    free = [one for one in seen if one.sop_uid in contents]
    found: dict[EffectKey, DocumentSeen] = {}
    for order in orders:
        for one in free:
            equal = digests[one.sop_uid] == order.digest
            by_title = one.title == order.title and may_be(one, order)
            sure = (equal and order.is_rendered) or (
                by_title and (equal or same(order, contents[one.sop_uid]))
            )
            if sure and may_be(one, order):
                found[order.key] = one
                free.remove(one)
                break
    return found
