"""
The main job on one machine: patients submit forms, PowerServer shows them, each exactly once.

Then the set-up: OmegaAI, half done by hand, is brought to what the organization file declares,
and both systems are certified as alike.

    make demo              runs once and leaves nothing behind
    make demo KEEP=1       leaves everything up to look around
    python -m deployments.demo --stop      ends what KEEP=1 left up

Everything listens on free loopback ports and lives in a directory of its own under .run/, so
that several demos do not disturb each other.
"""

import argparse
import os
import signal
import sys
import time
from typing import Any, NoReturn

from deployments.demo_house import House, stop_kept

_BEGAN = time.monotonic()


def tell(line: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGAN:4.0f} s] {line}", flush=True)


def run(house: House, *, keep: bool) -> bool:
    """Play the demo in a house that is being built; return whether all went well."""
    tell("starting a Prefect server, and a town with PowerServer, OmegaAI and Blume ...")
    os.environ.update(house.server.environment)
    from deployments import demo_story as story  # Prefect reads its settings when imported
    from deployments.demo_set_up import set_up

    addresses, submitted = house.await_town()
    tell(f"{submitted['forms']} forms submitted in Blume; the vendor's own synchronisation has")
    tell(f"brought {submitted['brought_by_vendor']} of them to PowerServer by itself")
    house.await_server()
    tell(f"Prefect is up: {house.server.ui_url}")
    story.prepare_pool()
    house.start_worker()
    slug = story.enrol(house, addresses, tell)
    story.switch_to_deliver(slug)
    tell("mode switched from watch to deliver, by the flow set-mode")
    run_id = story.trigger(slug)
    tell("relay-forms triggered through Prefect's API, as the Run button does; a worker takes it")
    ended = story.follow(run_id, tell)
    tell(f"the run is over: {ended}")
    went_well = story.summarize(run_id, slug, submitted)
    _addresses(house, addresses, run_id)
    went_well = set_up(slug, house.directory / "private", tell) and went_well
    if keep:
        story.let_the_schedule_run(slug)
        house.keep()
    return went_well


def _addresses(house: House, addresses: dict[str, Any], run_id: object) -> None:
    print(f"""
Prefect UI        {house.server.ui_url}
this run          {house.server.ui_url}/runs/flow-run/{run_id}
Document Viewer   {addresses["powerserver"]["web_url"]}
""")


def main(arguments: list[str]) -> int:
    """Run the command line; return 0 if the forms are where they belong."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--keep", action="store_true", help="leave everything up")
    parser.add_argument("--stop", nargs="?", const="", metavar="NAME", help="end what was kept")
    options = parser.parse_args(arguments)
    if options.stop is not None:
        tell(f"demos stopped: {stop_kept(tell, options.stop)}")
        return 0
    signal.signal(signal.SIGTERM, _end)
    house = House.build(tell, lives_on=options.keep)
    went_well = False
    try:
        went_well = run(house, keep=options.keep)
    finally:
        if options.keep and went_well:
            _say_how_to_stop(house)
        else:
            house.tear_down(erase=went_well)
            tell("everything stopped" if went_well else f"stopped; logs are in {house.directory}")
    return 0 if went_well else 1


def _say_how_to_stop(house: House) -> None:
    print(
        f"""All of it goes on: a patient submits a form every minute, the relay sweeps every five.
Stop it with:     {sys.executable} -m deployments.demo --stop
What waits:       PREFECT_API_URL={house.server.api_url} .venv/bin/accord attention
Its name:         {house.directory.name}, if there are several
Its files:        {house.directory}"""
    )


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
