"""What a walk's outcomes say of the organization file: a pure comparison of facts with settings."""

import json
from collections.abc import Iterable, Mapping

import yaml

from accord.domain.acceptance import Harm, Outcome, Step, Tried
from accord.domain.base import Record
from accord.domain.wires import DocumentRoute, PowerServerWire, ReadBack

_O = Outcome
_FILED = (Step.REGISTRATION, Step.CLINICAL, Step.MISTAKE)
_EVENTS = {"T02": _FILED, "T10": (Step.REPLACEMENT,), "T11": (Step.WITHDRAWAL,)}


class SettingChange(Record):
    """One setting of the organization file, as it is and as the walk has shown it."""

    path: str
    """Such as `site.powerservers.main.hl7.accepts`."""
    before: str
    after: str
    """Both as YAML in one line."""


def proposed(
    powerserver: str, wire: PowerServerWire, tried: Iterable[Tried]
) -> tuple[SettingChange, ...]:
    """
    Give the settings that the walk's outcomes contradict; none where the file says so already.

    What was not tried stays as it is. What is unproven is no capability, whatever was answered.
    """
    by_step = {each.step: each for each in tried}
    wanted = {
        "hl7.accepts": (wire.hl7.accepts, _accepts(wire, by_step)),
        "hl7.takes_repeats": (wire.hl7.takes_repeats, _takes_repeats(wire, by_step)),
        "read_back": (wire.read_back, _read_back(wire, by_step)),
        "document_route": (wire.document_route, _document_route(wire, by_step)),
    }
    return tuple(
        SettingChange(path=_path(powerserver, path), before=_yaml(is_now), after=_yaml(facts))
        for path, (is_now, facts) in wanted.items()
        if is_now != facts
    )


def settings_of(powerserver: str, wire: PowerServerWire) -> dict[str, str]:
    """Give the settings that a walk may have proposed, as the file has them now."""
    is_now = {
        "hl7.accepts": wire.hl7.accepts,
        "hl7.takes_repeats": wire.hl7.takes_repeats,
        "read_back": wire.read_back,
        "document_route": wire.document_route,
    }
    return {_path(powerserver, path): _yaml(value) for path, value in is_now.items()}


def _path(powerserver: str, path: str) -> str:
    return f"site.powerservers.{powerserver}.{path}"


def _accepts(wire: PowerServerWire, by_step: Mapping[Step, Tried]) -> frozenset[str]:
    events: set[str] = set(wire.hl7.accepts)
    for event, steps in _EVENTS.items():
        outcomes = {by_step[step].outcome for step in steps} - {_O.NOT_TRIED}
        if not outcomes or outcomes & {_O.IN_DOUBT, _O.WAITING}:
            continue
        is_accepted = _O.ACCEPTED in outcomes and _O.HARMFUL not in outcomes
        events = events | {event} if is_accepted else events - {event}
    return frozenset(events) or wire.hl7.accepts  # a site with no event is said otherwise


def _takes_repeats(wire: PowerServerWire, by_step: Mapping[Step, Tried]) -> bool:
    repeat = by_step[Step.REPEAT]
    if repeat.outcome is _O.ACCEPTED:
        return True
    return False if Harm.TWICE in repeat.harms else wire.hl7.takes_repeats


def _read_back(wire: PowerServerWire, by_step: Mapping[Step, Tried]) -> ReadBack:
    filed = [by_step[step] for step in (*_FILED, Step.STORED)]
    if any(each.rung for each in filed):
        return ReadBack.DICOM
    unseen = any(each.outcome is _O.UNPROVEN and each.answer == "AA" for each in filed)
    is_read = by_step[Step.ORDER].rung != ""
    return ReadBack.PERSON if unseen and is_read else wire.read_back


def _document_route(wire: PowerServerWire, by_step: Mapping[Step, Tried]) -> DocumentRoute:
    by_mdm, stored = by_step[Step.CLINICAL].outcome, by_step[Step.STORED].outcome
    if stored is _O.ACCEPTED and by_mdm in (_O.REFUSED, _O.UNPROVEN, _O.HARMFUL):
        return DocumentRoute.C_STORE
    if by_mdm is _O.ACCEPTED and stored in (_O.REFUSED, _O.UNPROVEN, _O.HARMFUL):
        return DocumentRoute.MDM
    return wire.document_route


def _yaml(value: object) -> str:
    plain = sorted(value) if isinstance(value, frozenset) else json.loads(json.dumps(value))
    return yaml.safe_dump(plain, default_flow_style=True, width=200).removesuffix("...\n").strip()
