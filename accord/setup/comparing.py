"""Both sides of one organization, judged by the gate and compared with each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.organizations import Organization
from accord.domain.parity import Agreement
from accord.quality.gate import CannotJudge, screen
from accord.quality.joined_resources import BOTH, JOINED, joined_facts
from accord.quality.resource_sides import SIDE, matched_by, side_facts
from accord.setup.expecting import Weighed, weigh
from accord.setup.omegaai_side import in_use, omegaai_side
from accord.setup.parity import Joined, differences, join


@dataclass(frozen=True)
class Parity:
    """What one comparison saw; names of resources and facilities, nothing of a patient."""

    resources: dict[str, int]
    """How many each side shows: `powerserver`, `omegaai`."""
    unfit: dict[str, dict[str, list[str]]]
    """By side: where -> the rules that the resource there breaks; it was not compared."""
    misshapen: tuple[str, ...]
    """Ids at OmegaAI that could not be understood."""
    weighed: Weighed

    @property
    def skipped(self) -> int:
        """How many resources could not be compared."""
        return sum(map(len, self.unfit.values())) + len(self.misshapen)

    @property
    def agreement(self) -> Agreement:
        """Say it in one word; never that all is alike while something was skipped."""
        if self.skipped:
            return Agreement.PARTIAL
        return Agreement.ALIKE if self.weighed.left.empty else Agreement.DIFFERENT


def compared(
    organization: Organization,
    grid: pd.DataFrame,
    seen: ServicesSeen,
    today: date,
    before: Mapping[str, int],
) -> Parity:
    """
    Compare PowerServer's grid with OmegaAI's services.

    A row that breaks a rule of the gate is named and not compared, and what stands opposite it is
    not called missing.

    Args:
        before: how many resources each side showed when all was compared last. Less than half of
            it is half an answer, not a wave of missing resources.

    Raises:
        CannotJudge: a side's frame cannot be judged at all, or is far smaller than before.
    """
    shown = omegaai_side(seen.services, organization.facilities)
    sides = {"powerserver": grid, "omegaai": in_use(shown, grid)}
    unfit = {
        name: screen(side_facts(side, organization), SIDE, volume_before=before.get(name)).held
        for name, side in sides.items()
    }
    joined = join(sides["powerserver"], sides["omegaai"])
    require_sound_match(joined, {name: len(side) for name, side in sides.items()})
    findings = differences(joined)
    of_unfit = _about(findings, {where for held in unfit.values() for where in held}, sides)
    names = {each.slug: each.name for each in organization.facilities}
    return Parity(
        resources={name: len(side) for name, side in sides.items()},
        unfit=unfit,
        misshapen=seen.misshapen,
        weighed=weigh(
            findings[~of_unfit].reset_index(drop=True),
            organization.expected_differences,
            names,
            today,
        ),
    )


def require_sound_match(joined: Joined, counts: Mapping[str, int]) -> None:
    """
    Let a match be told only if every row of both sides is in it once, and beside its own.

    Args:
        counts: how many rows each side had before: control totals.

    Raises:
        CannotJudge: names the first rule that is broken, and how often.
    """
    held = screen(joined_facts(joined.rows), JOINED).held
    if held:
        rule = JOINED.rule(next(iter(held.values()))[0])
        fix = f"{len(held)} of {len(joined.rows)} rows break it: {rule.what_to_do_en}"
        raise CannotJudge(JOINED.name, rule.name, fix)
    for name, only in (("powerserver", "left_only"), ("omegaai", "right_only")):
        matched = int(joined.rows["_merge"].isin([only, BOTH]).sum())
        if matched + len(joined.twice[name]) != counts[name]:
            fix = f"{name}: {counts[name]} rows before the match, {matched} after it"
            raise CannotJudge(JOINED.name, "totals-tie-out", fix)


def _about(findings: pd.DataFrame, unfit: set[str], sides: dict[str, pd.DataFrame]) -> pd.Series:
    """Say which findings are about a resource that could not be compared, on whichever side."""
    rows = pd.concat([side.loc[side.index.isin(unfit)] for side in sides.values()])
    not_compared = matched_by(rows["facility"], rows["name"])
    return matched_by(findings["facility"], findings["name"]).isin(not_compared)
