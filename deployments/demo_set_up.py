"""The demo's second act: OmegaAI, half set up by hand, is brought to what the file declares."""

from pathlib import Path

from prefect.flow_runs import resume_flow_run

from accord.sandbox.set_up import powerserver_grid
from accord.sandbox.world import Setting
from accord.setup.signing import NotGenuine
from deployments.demo_story import Tell, follow, show, trigger
from deployments.door_certificate import tell_certificate
from tasks.certificates import CERTIFY, DIRECTORY
from tasks.onboarding import ONBOARD

WHO = "demo"


def set_up(slug: str, private: Path, tell: Tell) -> bool:
    """Plan, approve, apply and certify, as people would; say whether a certificate is there."""
    tell("onboard-organization triggered: somebody left OmegaAI half set up")
    run = trigger(slug, f"{ONBOARD}/on-demand", apply=True)
    waiting = follow(run, tell, until="Suspended")
    if not waiting.startswith("Suspended"):
        tell(f"the plan did not get as far as a person: {waiting}")
        return False
    show(run, f"{ONBOARD}-{slug}")
    tell("the plan waits for a person; the demo says yes in the form of the run's page")
    resume_flow_run(run, run_input={"approve": True, "who": WHO})
    tell(f"applied: {follow(run, tell)}")
    return _certify(slug, private, tell)


def _certify(slug: str, private: Path, tell: Tell) -> bool:
    grids = private / "grids"
    grids.mkdir(parents=True, exist_ok=True)
    (grids / "main.csv").write_bytes(powerserver_grid(Setting()))
    tell("a person has exported PowerServer's grid; certify-parity compares both systems")
    run = trigger(slug, f"{CERTIFY}/on-demand")
    tell(f"certified: {follow(run, tell)}")
    show(run, f"{CERTIFY}-{slug}")
    kept = sorted((private / DIRECTORY).glob("*.json"))
    if not kept:
        return False
    try:
        tell_certificate(kept[-1].read_bytes(), "", tell)
    except NotGenuine as refusal:
        tell(str(refusal))
        return False
    return True
