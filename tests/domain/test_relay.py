from datetime import UTC, datetime

import pytest

from accord.domain.effects import EffectState, Intent
from accord.domain.forms import FormKind, Section, SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey
from accord.domain.relay import Decision, Earlier, Prepared, Recognition, decide

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
    assert decide(item, found, before) == Decision(
        key=NEW, intent=intent, state=state, reason=reason, parent=parent, supersedes=moot
    )
