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
    Find what can only be our own sending of these orders, one to one; the first comes first.

    Our rendering's bytes are nobody else's. A PDF form's bytes may be the vendor's too, and bytes
    may be changed on filing: then our own title tells. Equal bytes are matched before equal
    content: two forms of a patient may say the same in the same minute.
    """
    digests = digests_of(contents)
    free = [one for one in seen if one.sop_uid in contents]
    found: dict[EffectKey, DocumentSeen] = {}

    def is_equal(order: DocumentOrder, one: DocumentSeen) -> bool:
        is_certain = order.is_rendered or one.title == order.title
        return is_certain and digests[one.sop_uid] == order.digest

    def tells_the_same(order: DocumentOrder, one: DocumentSeen) -> bool:
        return one.title == order.title and same(order, contents[one.sop_uid])

    waiting = list(orders)
    for is_its_own in (is_equal, tells_the_same):
        for order in waiting:
            its = next((o for o in free if may_be(o, order) and is_its_own(order, o)), None)
            if its is not None:
                found[order.key] = its
                free.remove(its)
        waiting = [order for order in waiting if order.key not in found]
    return found
