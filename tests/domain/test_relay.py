from datetime import UTC, datetime

import pytest

from accord.domain.effects import EffectState, Intent
from accord.domain.forms import FormKind, Section, SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.relay import (
    Decision,
    Earlier,
    Prepared,
    Recognition,
    decide,
    is_overtaken,
    standing,
)

NEW, OLD, OLDER = EffectKey("NEW"), EffectKey("OLD"), EffectKey("OLDER")


def a_version(
    *,
    status: SubmissionStatus = SubmissionStatus.COMPLETED,
    held: tuple[str, ...] = (),
    digest: str = "d2",
    gone: bool = False,
) -> Prepared:
    return Prepared(
        key=NEW,
        source="QuestionnaireResponse/1/_history/2",
        source_updated_at=datetime(2026, 11, 20, tzinfo=UTC),
        status=status,
        kind=FormKind.REGISTRATION,
        section=Section.PATIENT_DOCS,
        document_type="PATIENT REGISTRATION FORM",
        facility="paulista",
        subject="S",
        chain="C",
        digest=Digest(digest),
        held=held,
        gone=gone,
    )


def earlier(state: EffectState, *, reason: str = "", digest: str = "d1") -> Earlier:
    return Earlier(key=OLD, state=state, reason=reason, digest=digest)


S, R = EffectState, Recognition
UNLOOKED = earlier(S.REJECTED).model_copy(update={"unlooked": True})
WITHDRAWN = SubmissionStatus.WITHDRAWN


@pytest.mark.parametrize(
    ("item", "found", "before", "state", "intent", "reason", "parent", "moot"),
    [
        pytest.param(
            a_version(), R.ABSENT, (), S.PLANNED, Intent.FILE_DOCUMENT, "", None, (), id="new"
        ),
        pytest.param(
            a_version(),
            R.THERE,
            (),
            S.SUPERSEDED,
            Intent.FILE_DOCUMENT,
            "already-there",
            None,
            (),
            id="the-vendor-delivered-it",
        ),
        pytest.param(
            a_version(),
            R.AMBIGUOUS,
            (),
            S.PARKED,
            Intent.FILE_DOCUMENT,
            "ambiguous-copy",
            None,
            (),
            id="ambiguity-parks",
        ),
        pytest.param(
            a_version(held=("pdf-not-empty", "issuer-known")),
            R.ABSENT,
            (),
            S.HELD,
            Intent.FILE_DOCUMENT,
            "pdf-not-empty",
            None,
            (),
            id="held-by-its-first-rule",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (earlier(S.VERIFIED),),
            S.PLANNED,
            Intent.REPLACE_DOCUMENT,
            "",
            OLD,
            (),
            id="amended",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (UNLOOKED,),
            S.PLANNED,
            Intent.REPLACE_DOCUMENT,
            "",
            OLD,
            (),
            id="refused-and-may-be-there",
        ),
        pytest.param(
            a_version(status=WITHDRAWN),
            R.ABSENT,
            (UNLOOKED,),
            S.PLANNED,
            Intent.WITHDRAW_DOCUMENT,
            "",
            OLD,
            (),
            id="withdrawn-and-may-be-there",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (earlier(S.SUPERSEDED, reason="already-there"),),
            S.PLANNED,
            Intent.REPLACE_DOCUMENT,
            "",
            OLD,
            (),
            id="amends-what-the-vendor-delivered",
        ),
        pytest.param(
            a_version(digest="d1"),
            R.ABSENT,
            (earlier(S.VERIFIED),),
            S.SUPERSEDED,
            Intent.FILE_DOCUMENT,
            "unchanged",
            None,
            (),
            id="new-version-same-content",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (earlier(S.PLANNED),),
            S.PLANNED,
            Intent.FILE_DOCUMENT,
            "",
            None,
            (OLD,),
            id="overtakes-what-never-left",
        ),
        pytest.param(
            a_version(held=("pdf-not-empty",)),
            R.ABSENT,
            (earlier(S.PLANNED),),
            S.HELD,
            Intent.FILE_DOCUMENT,
            "pdf-not-empty",
            None,
            (),
            id="a-held-version-does-not-stop-the-one-before",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (earlier(S.IN_DOUBT),),
            S.PLANNED,
            Intent.REPLACE_DOCUMENT,
            "",
            OLD,
            (),
            id="waits-behind-what-is-in-doubt",
        ),
        pytest.param(
            a_version(),
            R.ABSENT,
            (earlier(S.PARKED),),
            S.PLANNED,
            Intent.FILE_DOCUMENT,
            "",
            None,
            (),
            id="does-not-sweep-aside-what-waits-for-a-person",
        ),
        pytest.param(
            a_version(digest="d1"),
            R.ABSENT,
            (earlier(S.IN_DOUBT),),
            S.PLANNED,
            Intent.REPLACE_DOCUMENT,
            "",
            OLD,
            (),
            id="in-doubt-is-not-there",
        ),
        pytest.param(
            a_version(status=WITHDRAWN),
            R.ABSENT,
            (earlier(S.VERIFIED),),
            S.PLANNED,
            Intent.WITHDRAW_DOCUMENT,
            "",
            OLD,
            (),
            id="withdrawn-after-it-landed",
        ),
        pytest.param(
            a_version(status=WITHDRAWN),
            R.ABSENT,
            (earlier(S.HELD),),
            S.SUPERSEDED,
            Intent.WITHDRAW_DOCUMENT,
            "nothing-to-withdraw",
            None,
            (OLD,),
            id="withdrawn-before-it-left",
        ),
        pytest.param(
            a_version(status=WITHDRAWN, held=("pdf-not-empty",)),
            R.ABSENT,
            (),
            S.SUPERSEDED,
            Intent.WITHDRAW_DOCUMENT,
            "nothing-to-withdraw",
            None,
            (),
            id="nothing-to-withdraw-is-nothing-to-hold",
        ),
        pytest.param(
            a_version(status=WITHDRAWN, held=("issuer-known",)),
            R.ABSENT,
            (earlier(S.VERIFIED),),
            S.HELD,
            Intent.WITHDRAW_DOCUMENT,
            "issuer-known",
            OLD,
            (),
            id="a-withdrawal-can-be-held",
        ),
        pytest.param(
            a_version(gone=True, held=("submission-readable",)),
            R.ABSENT,
            (earlier(S.PLANNED),),
            S.SUPERSEDED,
            Intent.FILE_DOCUMENT,
            "source-gone",
            None,
            (),
            id="a-version-that-no-longer-stands-is-let-go",
        ),
    ],
)
def test_what_one_version_calls_for(
    item: Prepared,
    found: Recognition,
    before: tuple[Earlier, ...],
    state: EffectState,
    intent: Intent,
    reason: str,
    parent: EffectKey | None,
    moot: tuple[EffectKey, ...],
) -> None:
    decision = decide(item, found, before)

    assert decision == Decision(
        key=NEW,
        intent=intent,
        state=state,
        reason=reason,
        parent=parent,
        parent_is_ours=decision.parent_is_ours,
        supersedes=moot,
    )


@pytest.mark.parametrize(
    ("before", "ours"),
    [
        pytest.param(earlier(S.VERIFIED), True, id="verified"),
        pytest.param(earlier(S.LANDED), True, id="landed"),
        pytest.param(earlier(S.IN_DOUBT), True, id="in-doubt"),
        pytest.param(earlier(S.DONE_BY_HAND), False, id="carried-over-by-hand"),
        pytest.param(earlier(S.SUPERSEDED, reason="already-there"), False, id="the-vendor's"),
    ],
)
@pytest.mark.parametrize("status", [SubmissionStatus.AMENDED, WITHDRAWN], ids=str)
def test_a_message_names_only_what_we_filed(
    before: Earlier, ours: bool, status: SubmissionStatus
) -> None:
    """PowerServer knows a document by our number only if we filed it; else a person is needed."""
    decision = decide(a_version(status=status), R.ABSENT, (before,))

    assert (decision.parent, decision.parent_is_ours) == (OLD, ours)


def withdrawal(state: EffectState) -> Earlier:
    return Earlier(key=OLD, state=state, intent=Intent.WITHDRAW_DOCUMENT)


FIRST = Earlier(key=OLDER, state=S.VERIFIED, digest="d2")


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        pytest.param((), None, id="nothing"),
        pytest.param((FIRST, earlier(S.HELD)), OLDER, id="held-is-not-shown"),
        pytest.param((FIRST, earlier(S.LANDED)), OLD, id="the-last-one"),
        pytest.param((FIRST, withdrawal(S.VERIFIED)), None, id="withdrawn"),
        pytest.param((FIRST, withdrawal(S.DONE_BY_HAND)), None, id="withdrawn-by-hand"),
        pytest.param((FIRST, withdrawal(S.PARKED)), OLDER, id="not-withdrawn-yet"),
    ],
)
def test_what_stands_at_powerserver(before: tuple[Earlier, ...], shown: EffectKey | None) -> None:
    """The last version that is there; a withdrawal that was carried out leaves nothing."""
    found = standing(before)

    assert (found.key if found else None) == shown


@pytest.mark.parametrize(
    ("later", "overtaken"),
    [
        pytest.param((), False, id="it-is-the-newest"),
        pytest.param((earlier(S.PLANNED),), False, id="the-newer-one-waits-behind-it"),
        pytest.param((earlier(S.HELD),), False, id="the-newer-one-is-held"),
        pytest.param((earlier(S.REJECTED),), False, id="the-newer-one-is-not-there"),
        pytest.param((UNLOOKED,), True, id="the-newer-one-was-refused-and-may-be-there"),
        pytest.param((earlier(S.SUPERSEDED, reason="unchanged"),), False, id="the-same-content"),
        pytest.param((earlier(S.SUPERSEDED, reason="source-gone"),), False, id="gone-again"),
        pytest.param((earlier(S.SENT),), True, id="on-its-way"),
        pytest.param((earlier(S.IN_DOUBT),), True, id="in-doubt"),
        pytest.param((earlier(S.PARKED),), True, id="may-be-there"),
        pytest.param((earlier(S.VERIFIED),), True, id="there"),
        pytest.param((earlier(S.DONE_BY_HAND),), True, id="there-by-hand"),
        pytest.param((earlier(S.SUPERSEDED, reason="already-there"),), True, id="by-the-vendor"),
        pytest.param((earlier(S.VERIFIED), earlier(S.HELD)), True, id="one-of-them-is-there"),
        *(
            pytest.param((withdrawal(state),), True, id=f"withdrawn-{state.value}")
            for state in (S.PLANNED, S.HELD, S.REJECTED, S.PARKED, S.VERIFIED, S.SUPERSEDED)
        ),
    ],
)
def test_what_may_no_longer_go(later: tuple[Earlier, ...], overtaken: bool) -> None:
    """A version planned again does not go after a newer one, nor once it is withdrawn."""
    assert is_overtaken(later) is overtaken


def test_a_withdrawal_that_was_taken_back_stops_nothing() -> None:
    """The form was submitted again before its withdrawal went: the newer version counts."""
    taken_back = withdrawal(S.SUPERSEDED).model_copy(update={"reason": "newer-version"})

    assert not is_overtaken((taken_back, earlier(S.PLANNED)))


def test_a_form_submitted_again_after_its_withdrawal_is_new() -> None:
    """The same content, withdrawn in between, is filed anew: nothing is there to replace."""
    decision = decide(a_version(), R.ABSENT, (FIRST, withdrawal(S.VERIFIED)))

    assert (decision.state, decision.intent) == (S.PLANNED, Intent.FILE_DOCUMENT)


def test_what_may_be_there_is_withdrawn_too() -> None:
    """A version that waits for a person may be at PowerServer: its withdrawal waits behind it."""
    decision = decide(a_version(status=WITHDRAWN), R.ABSENT, (earlier(S.PARKED),))

    assert (decision.state, decision.parent) == (S.PLANNED, OLD)
