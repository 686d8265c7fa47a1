"""
What has to change so that a system shows what a file declares: a three-way comparison.

Declared is what the file says, applied what we last made true, live what the system shows now.
Two sides would not do: a field in which live differs from declared was changed either in the file
or in the system, and only what was applied tells which. Source: shared anchors 3a, Terraform.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from accord.ledger.applied import Applied
from accord.setup.changes import (
    Cause,
    Change,
    Comparison,
    Declared,
    FieldChange,
    Live,
    Verdict,
)

Name = TypeVar("Name")


def compare(
    declared: Iterable[Declared],
    applied: Iterable[Applied],
    live: Iterable[Live],
    *,
    known_by: tuple[str, ...],
) -> Comparison:
    """
    Compare the three; nothing is read or written.

    Args:
        known_by: fields by which an object that was never applied, and does not say whose it is,
            is found; all exactly equal.
    """
    wanted = list(declared)
    notes = {each.key: each for each in applied}
    shown = {each.id: each for each in live}
    ours = _grouped((each.key, each) for each in shown.values() if each.key)
    alike = _grouped(
        (_known(each.fields, known_by), each) for each in shown.values() if not each.key
    )
    taken = {note.live_id for note in notes.values()}
    changes: list[Change] = []
    agreed: list[Applied] = []
    for item in wanted:
        note = notes.get(item.key)
        if note is None:
            candidates = ours.get(item.key) or alike.get(_known(item.fields, known_by), [])
            found = _likely([each for each in candidates if each.id not in taken])
        else:
            found = [shown[note.live_id]] if note.live_id in shown else []
        taken |= {each.id for each in found}
        its = list(_of_declared(item, note, found))
        changes += its
        if not its:
            agreed.append(_agreed(item, found[0]))
    declared_keys = {item.key for item in wanted}
    for note in notes.values():
        if note.key not in declared_keys:
            changes.append(_of_removed(note, shown.get(note.live_id)))
    return Comparison(
        changes=tuple(changes),
        agreed=tuple(agreed),
        unmanaged=tuple(sorted(shown.keys() - taken)),
    )


def _agreed(item: Declared, there: Live) -> Applied:
    return Applied(key=item.key, live_id=there.id, fields=item.fields, protected=item.protected)


def _grouped(named: Iterable[tuple[Name, Live]]) -> dict[Name, list[Live]]:
    found: dict[Name, list[Live]] = defaultdict(list)
    for name, each in named:
        found[name].append(each)
    return found


def _likely(candidates: list[Live]) -> list[Live]:
    """Prefer what is in use; of what is retired take the only one, and none of several."""
    in_use = [each for each in candidates if not each.is_retired]
    return in_use or (candidates if len(candidates) == 1 else [])


def _known(fields: Mapping[str, str], known_by: tuple[str, ...]) -> tuple[str | None, ...]:
    return tuple(fields.get(name) for name in known_by)


def _of_declared(item: Declared, note: Applied | None, found: list[Live]) -> Iterator[Change]:
    if len(found) > 1:
        yield Change(key=item.key, verdict=Verdict.TWICE)
        return
    if not found:
        cause = Cause.FIRST if note is None else Cause.SYSTEM  # somebody removed it there
        fields = tuple(
            FieldChange(name=name, before="", after=value, cause=cause)
            for name, value in sorted(item.fields.items())
            if name in item.owned
        )
        removed = "" if note is None else note.live_id
        yield Change(key=item.key, verdict=Verdict.CREATE, live_id=removed, fields=fields)
        return
    there = found[0]
    fields = tuple(_changed(item, note, there))
    if not fields:
        return
    torn = any(each.cause is Cause.BOTH for each in fields)
    yield Change(
        key=item.key,
        verdict=Verdict.CONFLICT if torn else Verdict.UPDATE,
        live_id=there.id,
        version=there.version,
        fields=fields,
        booked=there.booked,
    )


def _changed(item: Declared, note: Applied | None, there: Live) -> Iterator[FieldChange]:
    for name in sorted(item.owned):
        after, before = item.fields.get(name, ""), there.fields.get(name, "")
        if after != before:
            cause = _cause(after, before, None if note is None else note.fields.get(name, ""))
            yield FieldChange(name=name, before=before, after=after, cause=cause)


def _cause(declared: str, live: str, applied: str | None) -> Cause:
    """Tell who changed a field in which declared and live differ."""
    if applied is None:
        return Cause.FIRST
    if applied == live:
        return Cause.FILE
    return Cause.SYSTEM if applied == declared else Cause.BOTH


def _of_removed(note: Applied, there: Live | None) -> Change:
    """Judge what was applied once and is declared no more; protection outlives its line."""
    if there is None or there.is_retired:
        return Change(key=note.key, verdict=Verdict.FORGET, live_id=note.live_id)
    if note.protected:
        verdict = Verdict.PROTECTED
    else:
        verdict = Verdict.RETIRE if there.booked == 0 else Verdict.BOOKED
    return Change(
        key=note.key,
        verdict=verdict,
        live_id=there.id,
        version=there.version,
        booked=there.booked,
    )
