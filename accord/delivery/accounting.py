"""
Which documents at PowerServer are accounted for: ours, and the vendor's that we have recognised.

A document stands for one form. What was read back or recognised before is known by its UID, what
we sent by its bytes or its title and content. The rest may be any form's that is not accounted
for yet, and those are its rivals: a copy that could be theirs is not taken for another's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from accord.delivery.desk import Desk
from accord.delivery.own_copies import ours_among
from accord.delivery.readback import SameDocument, View, digests_of, place_of
from accord.delivery.rivals import (
    NO_RUN,
    OtherForm,
    ThisRun,
    before,
    held_now,
    is_over_unseen,
    is_rendered,
    is_unaccounted,
    known_of,
    over,
    over_now,
    resource_of,
    rivals_of,
    uid_of,
    wanted_of,
)
from accord.domain.documents import DocumentOrder, DocumentSeen
from accord.domain.identifiers import Digest, EffectKey, Uid
from accord.domain.recognition import Shown, Wanted
from accord.domain.relay import ALREADY_THERE, ON_THE_WAY, PRESENT_AT_PEER
from accord.ledger.records import EffectRow


@dataclass(frozen=True, repr=False)
class Remaining:
    """What a place shows and nothing accounts for, and which other forms it may be."""

    shown: tuple[Shown, ...]
    ours: tuple[Digest, ...]
    """Digests of PDF forms that we sent and have not read back, once for each."""
    rivals: tuple[Wanted, ...]
    unseen: tuple[Wanted, ...] = ()
    """Versions that were withdrawn or replaced before anybody looked: what stands of them should
    not, but it is no other form's copy."""


class Accounts:
    """
    What the ledger knows of the patients of some places; one question for all of them.

    Args:
        run: what this run knows and the ledger may not know yet.
    """

    def __init__(
        self, desk: Desk, views: Sequence[View], same: SameDocument, run: ThisRun = NO_RUN
    ) -> None:
        self._desk, self._same, self._run = desk, same, run
        self._wanted = {order.key for view in views for order in view.orders}
        subjects = {desk.name_of(view.place[0]) for view in views}
        self._rows: dict[str, list[EffectRow]] = defaultdict(list)
        for row in desk.ledger.of_subjects(desk.slug, desk.process, subjects):
            self._rows[row.subject].append(row)
        every = [row for rows in self._rows.values() for row in rows]
        self._sources = {row.key: row.source for row in every} | dict(run.sources)
        self._known = {resource_of(row.source): row.key for row in every if not row.position}
        """The first version that the ledger knows of each form."""

    def placed(self) -> set[Uid]:
        """Give the UIDs of documents that are some form's for certain."""
        return {uid for rows in self._rows.values() for row in rows if (uid := uid_of(row))}

    def own(self, view: View, contents: Mapping[Uid, bytes]) -> dict[EffectKey, DocumentSeen]:
        """
        Find what can only be our own sending of a place's orders.

        What has left comes first: what never did takes no document of another form, or of an
        earlier version, that was sent and not read back yet.
        """
        sent = {row.key for rows in self._rows.values() for row in rows if row.attempts}
        others = [order for order in self._siblings_at(view) if order.key in sent]
        orders = sorted([*others, *view.orders], key=lambda order: order.key not in sent)
        found = ours_among(orders, view.seen, contents, self._same)
        return {order.key: found[order.key] for order in view.orders if order.key in found}

    def _siblings_at(self, view: View) -> list[DocumentOrder]:
        return [order for order in self._siblings.values() if place_of(order) == view.place]

    def may_be_an_earlier_versions(self, order: DocumentOrder) -> bool:
        """
        Say whether the one copy that fits a rendered form may be that of an earlier version.

        Unless the earlier version's copy is known, nobody can tell them apart.
        """
        rows = self._rows[self._desk.name_of(order.patient.id)]
        resource = resource_of(self._sources.get(order.key, ""))
        earlier = [r for r in rows if resource_of(r.source) == resource and r.key != order.key]
        known = any(r.reason == ALREADY_THERE and uid_of(r) for r in earlier)
        return order.is_rendered and not known and (order.is_amended or bool(earlier))

    def remaining(
        self, views: Sequence[View], contents: Sequence[Mapping[Uid, bytes]]
    ) -> list[Remaining]:
        """
        Give for each place what is accounted for neither by the ledger nor as its orders' own.

        Args:
            views: places without the documents that were matched to their orders.
            contents: the bytes of each view's documents, as far as they could be fetched.
        """
        digests = [digests_of(each) for each in contents]
        everything = {digest for each in digests for digest in each.values()}
        carrying = self._desk.ledger.by_digests(self._desk.slug, everything)
        return [
            self._remaining(view, content, by_uid, carrying)
            for view, content, by_uid in zip(views, contents, digests, strict=True)
        ]

    @cached_property
    def _siblings(self) -> dict[EffectKey, DocumentOrder]:
        """The orders of these patients' other forms that are not accounted for."""
        keys = [
            row.key
            for rows in self._rows.values()
            for row in rows
            if row.key not in self._wanted and is_unaccounted(row)
        ]
        found = self._desk.outbox.orders(keys, contents=False) if keys else {}
        return {key: order for key, (_, order) in found.items()}

    def _others(self, rows: Sequence[EffectRow], view: View) -> list[OtherForm]:
        """Give the patient's other forms of which no more is known than the ledger keeps."""
        subject = self._desk.name_of(view.place[0])
        known = {row.key for row in rows}
        return [
            *(
                known_of(row)
                for row in rows
                if is_unaccounted(row) and row.key not in self._siblings
            ),
            *(
                held_now(item)
                for item in self._run.held
                if item.subject == subject and item.key not in known
            ),
        ]

    def _unseen(self, view: View, here: Sequence[DocumentOrder]) -> list[Wanted]:
        """Give what copies of versions would look like that were over before anybody looked."""
        subject = self._desk.name_of(view.place[0])
        ended = [over(row) for row in self._rows[subject] if is_over_unseen(row)]
        ended += [
            over_now(item)
            for item in self._run.over
            if item.subject == subject and self._is_first(item.key, item.source)
        ]
        ended += [
            before(order)
            for order in (*view.orders, *here)
            if order.is_amended and self._is_first(order.key, self._sources.get(order.key, ""))
        ]
        found: dict[EffectKey, Wanted] = {}
        for other in ended:
            found |= {wanted.key: wanted for wanted in rivals_of(other, view)}
        return [
            wanted.model_copy(update={"key": EffectKey(f"{k}/-")}) for k, wanted in found.items()
        ]

    def _is_first(self, key: EffectKey, source: str) -> bool:
        """Say whether the ledger knows no version of the form before this one."""
        return self._known.get(resource_of(source), key) == key

    def _remaining(
        self,
        view: View,
        contents: Mapping[Uid, bytes],
        digests: Mapping[Uid, Digest],
        carrying: Sequence[EffectRow],
    ) -> Remaining:
        keys = {order.key for order in view.orders}
        rows = [r for r in self._rows[self._desk.name_of(view.place[0])] if r.key not in keys]
        carried = [row for row in carrying if row.key not in keys]
        placed = {uid for row in rows if (uid := uid_of(row))}
        rendered = {row.digest for row in carried if is_rendered(row.source)}
        free = [
            one
            for one in view.seen
            if one.sop_uid not in placed and digests.get(one.sop_uid) not in rendered
        ]
        here = [o for o in self._siblings_at(view) if o.key not in keys]
        own = ours_among(here, free, contents, self._same)
        free = [one for one in free if one not in own.values()]
        rivals = [wanted_of(order) for order in here if order.key not in own]
        for other in self._others(rows, view):
            rivals += rivals_of(other, view)
        return Remaining(
            shown=tuple(Shown(document=s, digest=digests.get(s.sop_uid)) for s in free),
            ours=tuple(Digest(row.digest) for row in carried if _is_unplaced_pdf(row)),
            rivals=tuple(rivals),
            unseen=tuple(self._unseen(view, here)),
        )


def _is_unplaced_pdf(row: EffectRow) -> bool:
    sent = row.state in PRESENT_AT_PEER | ON_THE_WAY
    return sent and not is_rendered(row.source) and uid_of(row) is None
