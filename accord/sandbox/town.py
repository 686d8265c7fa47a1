"""The three systems and their people, together on loopback."""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from accord.sandbox.blume import Blume
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.powerserver import PowerServerSim, wall_clock
from accord.sandbox.powerserver_filing import PowerServerSettings
from accord.sandbox.set_up import declared, half_set_up
from accord.sandbox.town_arrivals import introduce_arrivals
from accord.sandbox.town_files import organization, sandbox_facts, write
from accord.sandbox.town_switches import town_routes
from accord.sandbox.vendor import Manners, VendorSync
from accord.sandbox.vendor_reading import OmegaAIDoor
from accord.sandbox.world import Setting


@dataclass(frozen=True)
class TownPlan:
    """What a town is made of; the same plan and seed make the same town."""

    seed: int = 0
    patients: int = 30
    setting: Setting = field(default_factory=Setting)
    powerserver: PowerServerSettings = field(default_factory=PowerServerSettings)
    vendor: Manners = field(default_factory=Manners)
    vendor_every_s: float = 0.0
    """Seconds between the vendor's own sweeps; 0 leaves sweeping to `Town.vendor.sweep`."""
    relay: Mapping[str, str] = field(default_factory=dict)
    """Timings of the relay for the organization file, as ISO 8601 durations."""
    half_set_up: bool = False
    """Whether the file declares PowerServer's resources, and OmegaAI shows only some of them."""


class Town:
    """
    OmegaAI, PowerServer, Blume's patients and the vendor's synchronisation, with one world.

    Used as a context manager. All ports are free ones on loopback; `directory` gets
    `sandbox.json` (addresses, and credentials of this sandbox only) and `lakeside.yaml`.

    Args:
        directory: where both files go.
        plan: what the town is made of; `seed` and `patients` may be given by name instead.
        clock: gives the time now, aware: of PowerServer, the patients and the vendor.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        plan: TownPlan | None = None,
        clock: Callable[[], datetime] = wall_clock,
        **single: Any,
    ) -> None:
        self.plan = plan or TownPlan(**single)
        self.directory, self._clock = Path(directory), clock
        self._stack, self._ending = ExitStack(), threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._build(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _build(self, stack: ExitStack) -> None:
        plan, clock = self.plan, self._clock
        self.omegaai = stack.enter_context(OmegaAISim(seed=plan.seed))
        self.world = seed_world(
            self.omegaai, plan.seed, plan.patients, setting=plan.setting, opens=clock()
        )
        self.powerserver = stack.enter_context(
            PowerServerSim(
                self.world,
                seed=plan.seed,
                settings=plan.powerserver,
                clock=clock,
                more_routes=town_routes(self),
            )
        )
        if plan.half_set_up:
            half_set_up(self.omegaai, plan.setting)
        self.blume = Blume(self.omegaai, plan.seed, self.world, clock)
        self.vendor = self._vendor()
        self.facts = sandbox_facts(self.omegaai, self.powerserver)
        file = organization(self.omegaai, self.powerserver, plan.setting, plan.relay)
        if plan.half_set_up:
            file["organization"]["facilities"][0] |= declared()
        self.organization_file, self.sandbox_file = write(self.directory, self.facts, file)
        if plan.vendor_every_s:
            stack.callback(self._let_the_vendor_run())

    def submit_day(self, **what: Any) -> list[Submitted]:
        """
        Have patients submit a day's forms, as `Blume.submit_day` does, and let PowerServer meet
        the patients that came with them.
        """
        notes = self.blume.submit_day(**what)
        self.meet()
        return notes

    def meet(self) -> int:
        """Let PowerServer meet patients and orders that OmegaAI got since; give how many."""
        return introduce_arrivals(self.omegaai, self.powerserver, self.plan.setting, self._clock())

    def _vendor(self) -> VendorSync:
        sim, plan = self.omegaai, self.plan
        return VendorSync(
            door=OmegaAIDoor(sim.base_url, sim.token_url, sim.client_id, sim.client_secret),
            powerserver=self.powerserver,
            setting=plan.setting,
            manners=plan.vendor,
            seed=plan.seed,
            clock=self._clock,
        )

    def _let_the_vendor_run(self) -> Callable[[], None]:
        thread = threading.Thread(
            target=self.vendor.run,
            args=(self._ending,),
            kwargs={"every_s": self.plan.vendor_every_s},
            name="vendor",
            daemon=True,
        )
        thread.start()

        def end() -> None:
            self._ending.set()
            thread.join()

        return end
