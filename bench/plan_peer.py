"""An OmegaAI with many services, in a process of its own: `python -m bench.plan_peer COUNT`."""

import json
import sys

from accord.sandbox.omegaai import OmegaAISim
from bench.plan_file import FACILITY_ID, ROOMS, room_id, service

OTHERWISE = 100  # one service in so many shows something else than the file declares


def main(count: int) -> None:
    """Serve `count` services until a line comes in."""
    with OmegaAISim(validates=False) as omegaai:
        omegaai.load(
            [{"resourceType": "Organization", "id": FACILITY_ID, "active": True, "name": "NORTE"}]
        )
        omegaai.load(
            {"resourceType": "Location", "id": room_id(n), "status": "active", "name": f"Sala {n}"}
            for n in range(ROOMS)
        )
        omegaai.load(service(n, 45 if n % OTHERWISE == 0 else 30) for n in range(count))
        known = {
            "fhir_base": omegaai.base_url,
            "token_url": omegaai.token_url,
            "client_id": omegaai.client_id,
            "secret": omegaai.client_secret,
        }
        print(json.dumps(known), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(int(sys.argv[1]))
