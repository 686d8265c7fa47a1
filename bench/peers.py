"""A town with forms waiting, in a process of its own: `python -m bench.peers DIRECTORY FORMS`."""

import json
import sys
from pathlib import Path

from accord.sandbox.questionnaires import LONG_PT
from accord.sandbox.town import Town, TownPlan

PDF_BYTES = 50_000


def main(directory: Path, forms: int) -> None:
    """Fill a town with `forms` Normal forms of 40 questions and `forms` PDF forms of 50 kB."""
    plan = TownPlan(seed=7, patients=2 * forms, relay={"visible_in_run": "PT120S"})
    with Town(directory, plan=plan) as town:
        if forms:
            town.submit_day(normal=forms, pdf=0, template=LONG_PT)
            town.submit_day(normal=0, pdf=forms, pdf_bytes=PDF_BYTES)
        (directory / "secret.json").write_text(json.dumps(town.omegaai.client_secret))
        print("ready", flush=True)
        sys.stdin.readline()
        print(len(town.powerserver.documents), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
