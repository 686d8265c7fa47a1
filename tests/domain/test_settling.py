from datetime import UTC, datetime, timedelta

import pytest

from accord.domain.effects import EffectState, Rung
from accord.domain.settling import STAY, Look, Open, Settlement, Step, settle
from accord.domain.sites import RelayTimings
from accord.domain.wires import ReadBack

SENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMINGS = RelayTimings(
    settle_after=timedelta(minutes=2),
    settle_again=timedelta(minutes=2),
    visible_within=timedelta(minutes=30),
)
FOUND = Look(rung=Rung.BYTES, alive=True)
ABSENT = Look(rung=None, alive=True)
BLIND = Look(rung=None, alive=False)
DOUBT, LANDED = EffectState.IN_DOUBT, EffectState.LANDED
REFUSED = EffectState.REJECTED


def after(minutes: float) -> datetime:
    return SENT + timedelta(minutes=minutes)


def step(step: Step, reason: str = "", *, unproven: bool = False) -> Settlement:
    return Settlement(step=step, reason=reason, unproven=unproven)


@pytest.mark.parametrize(
    ("effect", "look", "minutes", "read_back", "expected"),
    [
        pytest.param(
            Open(state=DOUBT, sent_at=SENT),
            FOUND,
            0.1,
            "dicom",
            step(Step.VERIFY),
            id="presence-settles-at-once",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT), ABSENT, 1.9, "dicom", STAY, id="too-early-to-look"
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT),
            ABSENT,
            2,
            "dicom",
            step(Step.NOTE_ABSENCE),
            id="first-absence-is-only-noted",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT, absent_at=after(2)),
            ABSENT,
            3.9,
            "dicom",
            STAY,
            id="second-look-too-soon",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT, absent_at=after(2)),
            ABSENT,
            4,
            "dicom",
            step(Step.PARK, "absent-twice"),
            id="absent-twice-and-not-safe-parks",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT, absent_at=after(2), safe_to_repeat=True),
            ABSENT,
            4,
            "dicom",
            step(Step.RESEND, "absent-twice"),
            id="absent-twice-and-safe-resends",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT, absent_at=after(2), safe_to_repeat=True),
            BLIND,
            500,
            "dicom",
            step(Step.STAY, unproven=True),
            id="absence-over-a-dead-path-proves-nothing",
        ),
        pytest.param(
            Open(state=LANDED, sent_at=SENT, landed_at=SENT),
            ABSENT,
            29,
            "dicom",
            STAY,
            id="not-visible-yet-is-not-an-error",
        ),
        pytest.param(
            Open(state=LANDED, sent_at=SENT, landed_at=SENT),
            ABSENT,
            30,
            "dicom",
            step(Step.PARK, "not-visible"),
            id="not-visible-by-the-deadline",
        ),
        pytest.param(
            Open(state=LANDED, sent_at=SENT, landed_at=SENT),
            BLIND,
            30,
            "dicom",
            step(Step.STAY, unproven=True),
            id="invisible-over-a-dead-path-proves-nothing",
        ),
        pytest.param(
            Open(state=LANDED, sent_at=SENT, landed_at=SENT),
            BLIND,
            0,
            "none",
            step(Step.MARK_UNVERIFIABLE, "no-read-back"),
            id="amber-where-the-site-offers-no-read-back",
        ),
        pytest.param(
            Open(state=LANDED, sent_at=SENT, landed_at=SENT),
            BLIND,
            500,
            "person",
            STAY,
            id="waits-for-a-person-to-attest",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT),
            BLIND,
            0,
            "person",
            step(Step.PARK, "look-by-hand"),
            id="a-person-looks-at-what-is-in-doubt",
        ),
        pytest.param(
            Open(state=DOUBT, sent_at=SENT),
            BLIND,
            0,
            "none",
            step(Step.PARK, "no-read-back"),
            id="nobody-can-look",
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT),
            FOUND,
            0,
            "dicom",
            step(Step.VERIFY),
            id="refused-and-there",
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT), ABSENT, 29, "dicom", STAY, id="refused-too-early"
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT),
            BLIND,
            30,
            "dicom",
            step(Step.STAY, unproven=True),
            id="refused-over-a-dead-path",
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT),
            ABSENT,
            30,
            "dicom",
            step(Step.NOTE_ABSENCE),
            id="refused-and-absent",
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT, absent_at=after(2), safe_to_repeat=True),
            ABSENT,
            90,
            "dicom",
            STAY,
            id="refused-is-never-sent-again-by-itself",
        ),
        pytest.param(
            Open(state=REFUSED, sent_at=SENT),
            Look(rung=None, alive=True, elsewhere=True),
            0,
            "dicom",
            step(Step.PARK, "filed-elsewhere"),
            id="refused-and-filed-elsewhere",
        ),
        *(
            pytest.param(
                Open(state=REFUSED, sent_at=SENT), BLIND, 90, way, STAY, id=f"refused-{way}"
            )
            for way in ("person", "none")
        ),
    ],
)
def test_what_a_look_means(
    effect: Open, look: Look, minutes: float, read_back: str, expected: Settlement
) -> None:
    decided = settle(
        effect, look, now=after(minutes), timings=TIMINGS, read_back=ReadBack(read_back)
    )

    assert decided == expected
