"""The three-way comparison: a table of verdicts, and what holds for any organization."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.ledger.applied import Applied
from accord.setup.changes import (
    REFUSED,
    Cause,
    Change,
    Comparison,
    Declared,
    Live,
    Verdict,
)
from accord.setup.three_way import compare

V = Verdict
OWNED = frozenset({"name", "hours"})


def declared(key: str = "ct", protected: bool = False, **fields: str) -> Declared:
    return Declared(key=key, fields={"name": "CT", **fields}, owned=OWNED, protected=protected)


def applied(key: str = "ct", live_id: str = "1", protected: bool = False, **fields: str) -> Applied:
    return Applied(key=key, live_id=live_id, fields={"name": "CT", **fields}, protected=protected)


def live(id_: str = "1", booked: int = 0, **fields: str) -> Live:
    return Live(id=id_, fields={"name": "CT", **fields}, version=f"W/{id_}", booked=booked)


def compared(wanted: list[Declared], notes: list[Applied], shown: list[Live]) -> Comparison:
    return compare(wanted, notes, shown, known_by=("name",))


@pytest.mark.parametrize(
    ("wanted", "notes", "shown", "verdicts"),
    [
        pytest.param([], [], [], [], id="nothing"),
        pytest.param([declared()], [], [], [V.CREATE], id="new-in-the-file"),
        pytest.param([declared()], [], [live()], [], id="there-already-and-alike"),
        pytest.param([declared(hours="8")], [], [live(hours="9")], [V.UPDATE], id="there-unlike"),
        pytest.param([declared()], [], [live("1"), live("2")], [V.TWICE], id="two-may-be-it"),
        pytest.param([declared()], [applied()], [], [V.CREATE], id="removed-in-the-system"),
        pytest.param([], [applied()], [live()], [V.RETIRE], id="its-line-has-gone"),
        pytest.param([], [applied()], [live(booked=3)], [V.BOOKED], id="patients-are-booked"),
        pytest.param(
            [], [applied(protected=True)], [live()], [V.PROTECTED], id="protected-without-its-line"
        ),
        pytest.param([], [applied()], [], [V.FORGET], id="gone-on-both-sides"),
        pytest.param([], [], [live()], [], id="nobody-declared-it"),
        pytest.param(
            [declared("a", name="B"), declared("b", name="A")],
            [applied("a", "1", name="A"), applied("b", "2", name="B")],
            [live("1", name="A"), live("2", name="B")],
            [V.UPDATE, V.UPDATE],
            id="two-names-swapped-are-two-renames",
        ),
    ],
)
def test_what_becomes_of_an_object(
    wanted: list[Declared], notes: list[Applied], shown: list[Live], verdicts: list[Verdict]
) -> None:
    assert [each.verdict for each in compared(wanted, notes, shown).changes] == verdicts


@pytest.mark.parametrize(
    ("file", "before", "now", "verdict", "cause"),
    [
        pytest.param("9", "8", "8", V.UPDATE, Cause.FILE, id="the-file-changed"),
        pytest.param("8", "8", "9", V.UPDATE, Cause.SYSTEM, id="the-system-drifted"),
        pytest.param("9", "8", "10", V.CONFLICT, Cause.BOTH, id="both-changed"),
        pytest.param("9", None, "8", V.UPDATE, Cause.FIRST, id="never-applied"),
    ],
)
def test_who_changed_a_field(
    file: str, before: str | None, now: str, verdict: Verdict, cause: Cause
) -> None:
    """Only what was applied last tells whether the file or the system moved."""
    notes = [] if before is None else [applied(hours=before)]

    (change,) = compared([declared(hours=file)], notes, [live(hours=now)]).changes

    assert change.verdict is verdict
    assert [(f.name, f.before, f.after, f.cause) for f in change.fields] == [
        ("hours", now, file, cause)
    ]
    assert change.version == "W/1"


def test_both_changed_to_the_same_is_no_change() -> None:
    assert compared([declared(hours="9")], [applied(hours="8")], [live(hours="9")]).is_empty


def test_a_field_that_the_file_does_not_own_is_left_alone() -> None:
    """The colour is the system's own affair, whatever the file or an earlier run says."""
    found = compared([declared(colour="red")], [applied(colour="red")], [live(colour="blue")])
    assert found.is_empty


def test_what_nobody_declared_is_named_and_not_touched() -> None:
    found = compared([declared()], [], [live("1"), live("2", name="MR")])
    assert (found.changes, found.unmanaged) == ((), ("2",))


words = st.text(string.ascii_uppercase, min_size=1, max_size=2)
objects = st.dictionaries(words, st.fixed_dictionaries({"hours": words}), max_size=6)
files = objects.map(
    lambda found: [
        declared(key.lower(), name=key, hours=fields["hours"]) for key, fields in found.items()
    ]
)


def carried_out(found: Comparison, wanted: list[Declared], shown: list[Live]) -> list[Live]:
    """A system that does exactly what it is told."""
    after = {each.id: each for each in shown}
    by_key = {item.key: item for item in wanted}
    for change in found.changes:
        if change.verdict is V.CREATE:
            after[f"new-{change.key}"] = Live(
                id=f"new-{change.key}", fields=dict(by_key[change.key].fields)
            )
        elif change.verdict is V.UPDATE:
            old = after[change.live_id]
            moved = {field.name: field.after for field in change.fields}
            after[old.id] = old.model_copy(update={"fields": {**old.fields, **moved}})
        elif change.verdict is V.RETIRE:
            del after[change.live_id]
    return list(after.values())


def noted(found: Comparison, wanted: list[Declared], notes: list[Applied]) -> list[Applied]:
    """What is noted once all is applied."""
    ids = {note.key: note.live_id for note in notes}
    ids |= {c.key: c.live_id or f"new-{c.key}" for c in found.changes if c.verdict not in REFUSED}
    return [
        Applied(key=item.key, live_id=ids[item.key], fields=dict(item.fields))
        for item in wanted
        if item.key in ids
    ]


@settings(max_examples=200, deadline=None)
@given(files, files)
def test_once_applied_the_next_comparison_is_empty(
    first: list[Declared], second: list[Declared]
) -> None:
    """From nothing to one file, then to another: each time, comparing again finds nothing."""
    notes: list[Applied] = []
    shown: list[Live] = []
    for wanted in (first, second):
        found = compared(wanted, notes, shown)
        assert not {change.verdict for change in found.changes} & REFUSED
        shown = carried_out(found, wanted, shown)
        notes = noted(found, wanted, notes)
        again = compared(wanted, notes, shown)
        assert (again.changes, again.unmanaged) == ((), ())
    assert {each.fields["name"] for each in shown} == {item.fields["name"] for item in second}


@settings(max_examples=200, deadline=None)
@given(files, st.data())
def test_every_change_in_the_system_is_found(wanted: list[Declared], data: st.DataObject) -> None:
    """Somebody removes one object or changes one owned field: exactly that is in the plan."""
    found = compared(wanted, [], [])
    shown, notes = carried_out(found, wanted, []), noted(found, wanted, [])
    if not shown:
        return
    victim = data.draw(st.sampled_from(shown))
    rest = [each for each in shown if each.id != victim.id]
    key = next(note.key for note in notes if note.live_id == victim.id)
    if data.draw(st.booleans()):
        expected = (key, V.CREATE)
    else:
        rest.append(victim.model_copy(update={"fields": {**victim.fields, "hours": "9"}}))
        expected = (key, V.UPDATE)

    changes: tuple[Change, ...] = compared(wanted, notes, rest).changes

    assert [(each.key, each.verdict) for each in changes] == [expected]
    assert {field.cause for each in changes for field in each.fields} == {Cause.SYSTEM}
