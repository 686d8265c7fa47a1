"""What a plan leaves to people: a card for each change that nothing is done about."""

from accord.domain.base import Record
from accord.domain.keys import opaque
from accord.ledger.humantasks import TaskState
from accord.setup.asked import Asked
from accord.setup.change_plans import ChangePlan
from accord.setup.changes import Change


class PlanCard(Record):
    """One change that a person makes, or decides about."""

    task: str
    """Id of the human task, for `attest-task`."""
    state: TaskState
    change: Change


def update_cards(asked: Asked, site_key: bytes, plan: ChangePlan) -> tuple[PlanCard, ...]:
    """
    Bring the cards to what the plan found: open what it leaves to people, close what is done.

    A card that a person has attested stays so; it is closed once OmegaAI shows it, and opened
    again where that shows otherwise later.
    """
    before, cards, seen = asked.known(), [], set()
    for change in plan.refused:
        about = change.verdict.replace(" ", "-"), opaque(site_key, "set-up-card", change.key)
        seen.add(about)
        task = asked.keep_open(*about)
        cards.append(PlanCard(task=task.id, state=task.state, change=change))
    if not plan.unreadable:  # what nobody understands may be what a card is about
        asked.close([task for about, task in before.items() if about not in seen])
    return tuple(cards)
