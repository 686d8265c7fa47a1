"""One PowerServer accepted: walked, told to people, cleaned up, and what its file should say."""

import asyncio
from dataclasses import dataclass

from accord.acceptance.called_for import is_cancelled
from accord.acceptance.looking import Scene, Sleep, WalkedPeer, look, require_nobody_else
from accord.acceptance.people import CLEAN_UP_BY_HAND, LOOK, Asks, People
from accord.acceptance.proposing import SettingChange, proposed
from accord.acceptance.results import rows_of, tried
from accord.acceptance.stages import CLEAN_UP, STAGES, WALK
from accord.acceptance.walk import Walk
from accord.acceptance.walking import Walker
from accord.domain.acceptance import Outcome, Step, Tried
from accord.ledger.approvals import PlanRow
from accord.ledger.humantasks import TaskRow


@dataclass(frozen=True)
class Accepted:
    """What is known of one PowerServer after a run; opaque keys and codes only."""

    powerserver: str
    walk: str
    """The walk's opaque name."""
    tried: tuple[Tried, ...]
    is_walked: bool
    """Whether every step that is called for has come to an end."""
    is_cleaned_up: bool
    left: tuple[Step, ...]
    """Whose documents still show."""
    others: int
    """How many documents show that no step is known by: a second copy, an earlier round's."""
    is_order_left: bool
    """Whether the order stands and is not cancelled."""
    accession: str
    """The order's number, for whoever has to order by hand; opaque, and nobody's."""
    changes: tuple[SettingChange, ...]
    plan: PlanRow | None
    tasks: tuple[TaskRow, ...]

    def outcome(self, step: Step) -> Outcome:
        """Give one step's outcome."""
        return next(each.outcome for each in self.tried if each.step is step)


async def accept(
    walk: Walk, peer: WalkedPeer, *, writes: bool, sleep: Sleep = asyncio.sleep
) -> Accepted:
    """
    Take one PowerServer's walk as far as it goes now.

    First everything is tried. Then a person looks, and says so; then what was filed and ordered
    is taken back, as far as that was proven to work; the rest is theirs to remove.

    Args:
        writes: without it PowerServer is only looked at.

    Raises:
        NotOurs, PeerError, UnfitSettings: as `Walker.go`.
    """
    walker, people = Walker(walk, peer, sleep=sleep), People(walk)
    is_walked, is_over = people.were_asked(LOOK), people.were_asked(CLEAN_UP_BY_HAND)
    if writes:
        is_walked = await walker.go(WALK)
        if is_walked:
            await walker.close_the_patient()
            is_over = people.have_looked and await walker.go(CLEAN_UP)
    await require_nobody_else(peer, walk)
    scene = await look(peer, walk)
    return _told(walk, people, scene, is_walked=is_walked, is_over=is_over)


def _told(walk: Walk, people: People, scene: Scene, *, is_walked: bool, is_over: bool) -> Accepted:
    told = tried(walk)
    changes = proposed(walk.powerserver, walk.wire, told) if is_walked else ()
    left, others = _left(walk, scene)
    is_order_left = not is_cancelled(scene)
    is_clean = not left and not others and not is_order_left
    asks = Asks(
        look=is_walked,
        order_by_hand=is_walked and scene.study is None,
        clean_up_by_hand=is_over and not is_clean,
        settings=bool(changes),
    )
    return Accepted(
        powerserver=walk.powerserver,
        walk=walk.name,
        tried=told,
        is_walked=is_walked,
        is_cleaned_up=people.have_looked and is_clean,
        left=left,
        others=others,
        is_order_left=is_order_left,
        accession=walk.accession,
        changes=changes,
        plan=people.propose(changes) if is_walked else None,
        tasks=people.ask(asks) if is_walked else people.standing(),
    )


def _left(walk: Walk, scene: Scene) -> tuple[tuple[Step, ...], int]:
    """Give the steps whose documents still show, and how many show that no step is known by."""
    titles = {step: row.evidence.get("sop") for step, row in rows_of(walk).items()}
    left = tuple(step for step in STAGES if step in titles and scene.shows(titles[step]))
    known = set(titles.values())
    return left, sum(each.sop_uid not in known for each in scene.documents)
