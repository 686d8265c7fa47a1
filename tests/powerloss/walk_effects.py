"""The program of the power-loss test: it walks effects and says each transition once committed."""

import sys
from datetime import UTC, datetime, timedelta

from accord.domain.effects import EffectState, Rung
from accord.ledger import database
from accord.ledger.ledger import Ledger
from tests.ledger.builders import SITE_KEY, an_effect, claim_one, key_of


def _say(name: str, state: EffectState) -> None:
    sys.stdout.write(f"{key_of(name)} {state}\n")
    sys.stdout.flush()


def main(url: str, synchronous: str) -> None:
    """Walk effect after effect from planned to verified, until the plug is pulled."""
    database.SQLITE_PRAGMAS["synchronous"] = synchronous
    ledger = Ledger(url, site_key=SITE_KEY, now=lambda: datetime.now(UTC))
    began = datetime.now(UTC)
    number = 0
    while datetime.now(UTC) - began < timedelta(minutes=1):
        number += 1
        name = f"form-{number}"
        ledger.plan([an_effect(name)])
        _say(name, EffectState.PLANNED)
        claimed = claim_one(ledger, name)
        _say(name, EffectState.CLAIMED)
        ledger.sent(claimed)
        _say(name, EffectState.SENT)
        ledger.answered(claimed, EffectState.LANDED)
        _say(name, EffectState.LANDED)
        verified = EffectState.VERIFIED
        ledger.move(claimed.key, verified, who="test", why="walk", rung=Rung.BYTES)
        _say(name, verified)


if __name__ == "__main__":
    main(*sys.argv[1:])
