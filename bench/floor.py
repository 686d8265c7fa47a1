"""The floor: the same reading, rendering, sending and reading back in a bare asyncio loop.

No ledger, no outbox, no gate, no Prefect: what is left is what the peers and the paper cost.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from accord.adapters.oauth import Credentials
from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.powerserver import PowerServerClient, Unsendable
from accord.delivery.desk import Desk
from accord.delivery.outbox import Outbox
from accord.delivery.preparing import Preparer
from accord.delivery.readback import LOOKS_AT_ONCE, look_for, place_of
from accord.delivery.screening import READ_AT_ONCE, RENDERED_AT_ONCE
from accord.domain.documents import DocumentOrder
from accord.domain.forms import Submission, SubmissionRef
from accord.domain.organization_text import parse
from accord.ledger.ledger import Ledger
from accord.rendering.pdf import same_content
from accord.rendering.renderer import FormRenderer

PerForm = Callable[["Wires", DocumentOrder], Awaitable[None]]


@dataclass
class Wires:
    """The two peers, connected."""

    omegaai: OmegaAIClient
    powerserver: PowerServerClient
    preparer: Preparer
    desk: Desk


@asynccontextmanager
async def wires(directory: Path) -> AsyncIterator[Wires]:
    """Connect to the town of `directory`."""
    file = parse((directory / "lakeside.yaml").read_text(), "lakeside.yaml")
    secret = SecretStr(json.loads((directory / "secret.json").read_text()))
    desk = Desk(
        file=file,
        ledger=cast(Ledger, None),  # the floor has none
        outbox=cast(Outbox, None),
        site_key=b"k" * 32,
        now=lambda: datetime.now(UTC),
    )
    async with (
        OmegaAIClient.open(
            file.site.omegaai, file.organization, Credentials(secret=secret), read_only=True
        ) as omegaai,
        PowerServerClient(file.site.powerservers["main"], read_only=False) as powerserver,
    ):
        yield Wires(omegaai, powerserver, Preparer(desk, FormRenderer("pt-BR")), desk)


async def read_and_render(town: Wires) -> AsyncIterator[list[DocumentOrder]]:
    """Give the orders page by page."""
    refs: list[SubmissionRef] = []
    async for swept in town.omegaai.submissions(None, None):
        refs += [ref for ref in swept if isinstance(ref, SubmissionRef)]
    with ThreadPoolExecutor(RENDERED_AT_ONCE) as pool:
        for start in range(0, len(refs), READ_AT_ONCE):
            page = await town.omegaai.read_submissions(refs[start : start + READ_AT_ONCE])
            forms = [one for one in page if isinstance(one, Submission)]
            drafts = list(pool.map(town.preparer.draft, forms))
            orders = [
                town.preparer.order(town.desk.key_of(one.ref), one, draft.content)
                for one, draft in zip(forms, drafts, strict=True)
            ]
            yield [order for order in orders if order is not None and _fits(town, order)]


def _fits(town: Wires, order: DocumentOrder) -> bool:
    """A few made-up people have names that fit no field; the relay holds those."""
    try:
        town.powerserver.wrap(order)
    except Unsendable:
        return False
    return True


async def look_before(town: Wires, orders: Sequence[DocumentOrder]) -> None:
    """Look for the vendor's copies, as the relay does."""
    gate = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def look(order: DocumentOrder) -> None:
        async with gate:
            await town.powerserver.documents_of(*place_of(order))

    await asyncio.gather(*map(look, orders))


async def send(town: Wires, order: DocumentOrder) -> None:
    """File one document."""

    async def nothing() -> None:
        """The floor writes nothing down."""

    await town.powerserver.file(order, town.powerserver.wrap(order), nothing)


async def read_back(town: Wires, orders: Sequence[DocumentOrder]) -> None:
    """See that each has arrived."""
    found = await look_for(town.powerserver, orders, same_content)
    if len(found) != len(orders):
        raise RuntimeError(f"{len(orders) - len(found)} documents were not found")


async def relay(town: Wires) -> int:
    """Relay everything that waits; gives how many forms."""
    orders = [order async for page in read_and_render(town) for order in page]
    await look_before(town, orders)
    for order in orders:
        await send(town, order)
    await read_back(town, orders)
    return len(orders)
