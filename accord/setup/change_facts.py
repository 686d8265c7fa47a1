"""What the gate judges a plan of changes by, before anybody is asked to approve it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from accord.domain.organizations import Organization
from accord.quality.change_plans import CHANGES, DTYPES
from accord.quality.gate import CannotJudge, screen
from accord.quality.resource_sides import bounds_of, matched_by
from accord.setup.change_plans import Kind, PlannedChange
from accord.setup.changes import Verdict
from accord.setup.service_plans import declared_services


def require_sound(items: Sequence[PlannedChange], organization: Organization) -> None:
    """
    Let a plan be proposed only if all of it is sound: half a plan is another plan.

    Raises:
        CannotJudge: names the first rule that is broken, how often, and what to do.
    """
    held = screen(change_facts(items, organization), CHANGES).held
    if held:
        key, rules = next(iter(held.items()))
        rule = CHANGES.rule(rules[0])
        fix = f"{key} breaks it, {len(held)} of {len(items)} break a rule: {rule.what_to_do_en}"
        raise CannotJudge(CHANGES.name, rule.name, fix)


def change_facts(items: Sequence[PlannedChange], organization: Organization) -> pd.DataFrame:
    """Tell what the gate judges a plan by, one row for each change, under the file's own key."""
    zones = {each.slug: each.time_zone for each in organization.facilities}
    wanted = pd.DataFrame(
        [each.fields for each in declared_services(organization)], columns=["facility", "name"]
    )
    matches = matched_by(wanted["facility"], wanted["name"])
    doubled = set(matches[matches.duplicated()])
    rows = [_facts(item, zones) for item in items]
    frame = pd.DataFrame(rows, columns=[*DTYPES, "facility", "hours", "asks_no_hours"])
    frame["name_is_unique"] = ~matched_by(frame["facility"], frame["name"]).isin(doubled)
    frame["first_start"], frame["last_end"] = bounds_of(frame["hours"])
    asks_none = frame["asks_no_hours"].astype(bool)
    frame.loc[asks_none, ["first_start", "last_end"]] = [0.0, 1.0]
    frame.index = pd.Index(frame["key"], dtype="object")
    return frame[list(DTYPES)].astype(DTYPES)


def _facts(item: PlannedChange, zones: dict[str, str]) -> dict[str, Any]:
    change, fields = item.change, item.fields
    facility = change.key.partition("/")[0]
    changed = {each.name for each in change.fields}
    is_new, goes = change.verdict is Verdict.CREATE, change.verdict is Verdict.RETIRE
    has_none = goes or item.kind is not Kind.SERVICE  # of what only a service has
    return {
        "key": change.key,
        "verdict": change.verdict.value,
        "name": "retired" if goes else fields.get("name", ""),
        "facility": "" if has_none else fields.get("facility", ""),
        "zone": zones.get(facility, "-" if goes else ""),
        "modalities": "CT" if has_none else fields.get("modalities", ""),
        "hours": "" if has_none else fields.get("hours", ""),
        "minutes": 1.0 if has_none else float(fields.get("minutes") or 0),
        "asks_no_hours": has_none,
        "rests_on": "not needed" if is_new else ("given" if item.etag else "missing"),
        "only_owned": changed <= set(item.owned),
        "changes_something": goes or bool(changed),
        "stands_somewhere": not is_new or bool(item.organization_id),
        "booked": -1.0 if change.booked is None else float(change.booked),
    }
