"""Effects, clocks and ledgers for tests."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accord.domain.effects import EffectState, Intent, Mode, Rung
from accord.domain.identifiers import EffectKey
from accord.domain.keys import effect_key
from accord.ledger.ledger import Ledger
from accord.ledger.records import Claim, EffectRow, PlannedEffect

S = EffectState
SITE_KEY = b"0123456789abcdef0123456789abcdef"
ORGANIZATION, PROCESS = "lakeside", "relay-forms"
LEASE = timedelta(minutes=2)
BEGINNING = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved; `boot` goes with it."""

    def __init__(self, at: datetime = BEGINNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def boot(self) -> float:
        return (self.at - BEGINNING).total_seconds()

    def forward(self, by: timedelta) -> None:
        self.at += by


def key_of(name: str) -> EffectKey:
    """The key of the effect that tests call `name`."""
    return effect_key(SITE_KEY, subject=name, intent="file document", occasion="1")


def an_effect(name: str, **fields: Any) -> PlannedEffect:
    """An effect about the form `name`, alone in its chain unless told."""
    default: dict[str, Any] = {
        "key": key_of(name),
        "organization": ORGANIZATION,
        "process": PROCESS,
        "intent": Intent.FILE_DOCUMENT,
        "subject": f"form-{name}",
        "chain": f"chain-{name}",
        "occasion": "1",
        "source": f"QuestionnaireResponse/{name}/_history/1",
        "section": "Documents",
        "document_type": "CLINICAL",
        "facility": "centro",
        "digest": "0" * 64,
    }
    return PlannedEffect(**(default | fields))


def a_chain(name: str, versions: int) -> list[PlannedEffect]:
    """The versions of one document, one behind the other."""
    return [an_effect(f"{name}-v{n}", chain=f"chain-{name}") for n in range(1, versions + 1)]


def claim(ledger: Ledger, holder: str = "worker", **wanted: Any) -> list[Claim]:
    """Claim what can be claimed in the tests' organization and process."""
    return ledger.claim(
        ORGANIZATION,
        PROCESS,
        wanted.get("keys"),
        holder=holder,
        lease=wanted.get("lease", LEASE),
        limit=wanted.get("limit", 100),
    )


def claim_one(ledger: Ledger, name: str, holder: str = "worker") -> Claim:
    """Claim just this effect."""
    [claimed] = claim(ledger, holder, keys=[key_of(name)])
    return claimed


def switch(ledger: Ledger, mode: Mode) -> None:
    """Set the mode of the tests' organization and process."""
    ledger.set_mode(ORGANIZATION, PROCESS, mode, who="on-call", why="the test says so")


def _planned(ledger: Ledger, name: str) -> None:
    ledger.plan([an_effect(name)])


def _claimed(ledger: Ledger, name: str) -> None:
    _planned(ledger, name)
    claim_one(ledger, name)


def _answered(to: EffectState) -> Callable[[Ledger, str], None]:
    def walk(ledger: Ledger, name: str) -> None:
        _planned(ledger, name)
        held = claim_one(ledger, name)
        ledger.sent(held)
        if to is not S.SENT:
            ledger.answered(held, to)

    return walk


def _disposed(to: EffectState) -> Callable[[Ledger, str], None]:
    def walk(ledger: Ledger, name: str) -> None:
        ledger.plan([an_effect(name, disposition=to, reason="some-rule")])

    return walk


def _landed_then(to: EffectState) -> Callable[[Ledger, str], None]:
    def walk(ledger: Ledger, name: str) -> None:
        _answered(S.LANDED)(ledger, name)
        rung = Rung.BYTES if to is S.VERIFIED else None
        ledger.move(key_of(name), to, who="verifier", why="looked", rung=rung)

    return walk


def _in_doubt(ledger: Ledger, name: str) -> None:
    _answered(S.IN_DOUBT)(ledger, name)
    ledger.saw_absent(key_of(name), BEGINNING)


def _by_hand(ledger: Ledger, name: str) -> None:
    _disposed(S.HELD)(ledger, name)
    ledger.move(key_of(name), S.DONE_BY_HAND, who="Ana", why="typed it in")


_WALKS: dict[EffectState, Callable[[Ledger, str], None]] = {
    S.PLANNED: _planned,
    S.CLAIMED: _claimed,
    S.SENT: _answered(S.SENT),
    S.IN_DOUBT: _in_doubt,
    S.LANDED: _answered(S.LANDED),
    S.VERIFIED: _landed_then(S.VERIFIED),
    S.UNVERIFIABLE: _landed_then(S.UNVERIFIABLE),
    S.REJECTED: _answered(S.REJECTED),
    S.HELD: _disposed(S.HELD),
    S.PARKED: _disposed(S.PARKED),
    S.DONE_BY_HAND: _by_hand,
    S.SUPERSEDED: _disposed(S.SUPERSEDED),
}


def bring_to(ledger: Ledger, name: str, state: EffectState) -> EffectRow:
    """Bring a new effect to a state, by the ledger's own ways only; needs a mode that writes."""
    _WALKS[state](ledger, name)
    row = ledger.effect(key_of(name))
    assert row.state is state
    return row


def states(ledger: Ledger, names: Sequence[str]) -> list[EffectState]:
    """The states of these effects."""
    rows = ledger.effects(key_of(name) for name in names)
    return [rows[key_of(name)].state for name in names]
