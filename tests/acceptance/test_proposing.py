"""From what a walk showed to what the organization file should say: a table."""

from typing import Any

import pytest

from accord.acceptance.proposing import proposed
from accord.domain.acceptance import Harm, Outcome, Step, Tried
from accord.domain.wires import PowerServerWire

O, S = Outcome, Step  # noqa: E741 - short, for the table
WIRE: dict[str, Any] = {"time_zone": "America/Sao_Paulo", "hl7": {"host": "x", "port": 1}}


def told(**outcomes: Tried) -> list[Tried]:
    by_step = {each.step: each for each in outcomes.values()}
    return [by_step.get(step, Tried(step=step, outcome=O.NOT_TRIED)) for step in Step]


def a(step: Step, outcome: Outcome, **more: Any) -> Tried:
    rung = "bytes equal" if outcome in (O.ACCEPTED, O.HARMFUL) else ""
    return Tried(step=step, outcome=outcome, **{"rung": rung, **more})


GOOD = {
    "order": a(S.ORDER, O.ACCEPTED),
    "registration": a(S.REGISTRATION, O.ACCEPTED),
    "clinical": a(S.CLINICAL, O.ACCEPTED),
    "mistake": a(S.MISTAKE, O.ACCEPTED),
}


def changes(file: dict[str, Any], **outcomes: Tried) -> dict[str, tuple[str, str]]:
    tree = {**WIRE, **file, "hl7": {**WIRE["hl7"], **file.get("hl7", {})}}
    wire = PowerServerWire.model_validate(tree)
    prefix = "site.powerservers.main."
    return {
        change.path.removeprefix(prefix): (change.before, change.after)
        for change in proposed("main", wire, told(**{**GOOD, **outcomes}))
    }


@pytest.mark.parametrize(
    ("file", "outcomes", "wanted"),
    [
        pytest.param({}, {}, {}, id="the-file-says-so-already"),
        pytest.param(
            {},
            {"x": a(S.REPLACEMENT, O.ACCEPTED), "y": a(S.WITHDRAWAL, O.ACCEPTED)},
            {"hl7.accepts": ("[T02]", "[T02, T10, T11]")},
            id="more-than-the-file-says",
        ),
        pytest.param(
            {"hl7": {"accepts": ["T02", "T10", "T11"]}},
            {"x": a(S.REPLACEMENT, O.REFUSED), "y": a(S.WITHDRAWAL, O.UNPROVEN)},
            {"hl7.accepts": ("[T02, T10, T11]", "[T02]")},
            id="refused-and-unproven-are-no-capabilities",
        ),
        pytest.param({"hl7": {"accepts": ["T02", "T11"]}}, {}, {}, id="what-was-not-tried-stays"),
        pytest.param(
            {"hl7": {"accepts": ["T02", "T11"]}},
            {"x": a(S.WITHDRAWAL, O.IN_DOUBT)},
            {},
            id="what-is-in-doubt-stays",
        ),
        pytest.param(
            {},
            {"x": a(S.REPLACEMENT, O.CONTRADICTORY)},
            {},
            id="refused-and-done-is-no-capability",
        ),
        pytest.param(
            {"hl7": {"accepts": ["T02", "T10"]}},
            {"clinical": a(S.CLINICAL, O.HARMFUL), "x": a(S.REPLACEMENT, O.ACCEPTED)},
            {"hl7.accepts": ("[T02, T10]", "[T10]")},
            id="harm-takes-an-event-away",
        ),
        pytest.param(
            {},
            {"x": a(S.REPEAT, O.ACCEPTED)},
            {"hl7.takes_repeats": ("false", "true")},
            id="repeats-are-known",
        ),
        pytest.param(
            {"hl7": {"takes_repeats": True}},
            {"x": a(S.REPEAT, O.UNPROVEN, harms=(Harm.TWICE,))},
            {"hl7.takes_repeats": ("true", "false")},
            id="repeats-are-filed-twice",
        ),
        pytest.param(
            {"read_back": "person"}, {}, {"read_back": ("person", "dicom")}, id="it-can-be-read"
        ),
        pytest.param(
            {},
            {
                name: a(step, O.UNPROVEN, answer="AA")
                for name, step in [
                    ("registration", S.REGISTRATION),
                    ("clinical", S.CLINICAL),
                    ("mistake", S.MISTAKE),
                ]
            },
            {"read_back": ("dicom", "person")},
            id="taken-and-never-shown",
        ),
        pytest.param(
            {"document_route": "c-store"},
            {"x": a(S.STORED, O.HARMFUL)},
            {"document_route": ("c-store", "mdm")},
            id="a-stored-document-moves-the-study",
        ),
        pytest.param(
            {},
            {"clinical": a(S.CLINICAL, O.REFUSED), "x": a(S.STORED, O.ACCEPTED)},
            {"document_route": ("mdm", "c-store")},
            id="only-c-store-works",
        ),
    ],
)
def test_facts_replace_defaults(
    file: dict[str, Any], outcomes: dict[str, Tried], wanted: dict[str, tuple[str, str]]
) -> None:
    assert changes(file, **outcomes) == wanted


def test_without_any_event_the_setting_stays_and_the_report_says_why() -> None:
    """The file cannot say that a site takes nothing: the finding says it."""
    none = {name: a(step, O.REFUSED) for name, step in (("clinical", S.CLINICAL),)}
    none |= {"registration": a(S.REGISTRATION, O.REFUSED), "mistake": a(S.MISTAKE, O.REFUSED)}
    assert "hl7.accepts" not in changes({}, **none)
