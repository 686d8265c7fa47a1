"""Prerequisites, judged from what was seen and said; one row for each thing that can be wrong."""

from typing import Any

import pytest

from accord.adapters.dicom_traits import StudyTraits
from accord.adapters.omegaai_organizations import OrganizationSeen, OrganizationsSeen
from accord.adapters.omegaai_services import ServiceSeen, ServicesSeen
from accord.domain.organization_text import parse
from accord.domain.organizations import OrganizationFile
from accord.domain.prerequisites import (
    WORDS,
    Checked,
    Outcome,
    Prerequisite,
    Readiness,
    readiness,
)
from accord.domain.resources import Catalogues
from accord.setup.prerequisites import Facts, check
from deployments.catalogue import ROOT

P, S = Prerequisite, Outcome
TEXT = (ROOT / "deployments/organizations/lakeside.yaml").read_text(encoding="utf-8")
CENTRO, NORTE = "lakeside-centro", "lakeside-norte"

NORTE_TOO = "      issuer: LAKESIDE\n      licence: AFD\n      powerserver: main\n      holidays"


def a_file(old: str = "", new: str = "") -> OrganizationFile:
    """The example's file, with the licence of the other facility too; `old` becomes `new`."""
    text = TEXT.replace(
        "      issuer: LAKESIDE\n      powerserver: main\n      holidays", NORTE_TOO
    )
    assert old in text
    return parse(text.replace(old, new) if old else text, "a file")


def an_organization(id_: str, name: str, parent: str = "", active: bool = True) -> OrganizationSeen:
    return OrganizationSeen(id=id_, name=name, active=active, parent=parent)


TREE = (
    an_organization("m", "Lakeside Network"),
    an_organization("g", "LAKESIDE IMAGING", "m"),
    an_organization("c", "Lakeside CENTRO", "g"),
    an_organization("n", "Lakeside Norte", "g"),
)


def a_service(facility: str) -> ServiceSeen:
    return ServiceSeen(
        id="s", version="1", facility=facility, name="CT", active=True,
        modalities=frozenset({"CT"}), hours={},
    )  # fmt: skip


LISTS = {
    "powerserver": Catalogues(modalities=frozenset({"CT", "MR"}), study_sets=frozenset({"Head"})),
    "omegaai": Catalogues(modalities=frozenset({"CT", "MR"}), study_sets=frozenset({"Head"})),
}
ALL_WELL = Facts(
    connections={"OmegaAI": "", "PowerServer main, HL7": ""},
    organizations=OrganizationsSeen(TREE, ()),
    services=ServicesSeen((a_service("Lakeside Centro"), a_service("LAKESIDE NORTE")), ()),
    systems={"urn:lakeside:patient-number": 90, "urn:other": 1},
    traits={
        "main": StudyTraits(
            studies=9,
            issuers=frozenset({"LAKESIDE"}),
            priorities=frozenset({"MED", "SCHEDULEDSTATUS"}),
            institutions=frozenset({"LAKESIDE CENTRO", "LAKESIDE NORTE"}),
        )
    },
    lists=LISTS,
    said=frozenset(
        {
            (P.SHARED_STORAGE.value, ""),
            (P.SIGN_IN.value, ""),
            (P.ISSUER_UNDER_MASTER.value, "LAKESIDE"),
        }
    ),
)


def outcomes(checks: list[Checked]) -> dict[tuple[Prerequisite, str], Outcome]:
    found = {(each.prerequisite, each.about): each.outcome for each in checks}
    assert len(found) == len(checks)  # nothing is judged twice
    return found


def test_where_all_is_well_everything_is_ready() -> None:
    checks = check(a_file(), ALL_WELL)

    assert readiness(checks) is Readiness.READY
    assert {each.prerequisite for each in checks} == set(P)
    assert {each.outcome for each in checks} == {S.MET, S.DECLARED, S.ATTESTED}


def traits(**changes: Any) -> dict[str, StudyTraits]:
    return {"main": ALL_WELL.traits["main"]._replace(**changes)}  # type: ignore[union-attr]


def without(*organizations: OrganizationSeen) -> OrganizationsSeen:
    return OrganizationsSeen(tuple(organizations), ())


M, G, C, N = TREE


@pytest.mark.parametrize(
    ("changes", "prerequisite", "about", "outcome", "seen"),
    [
        pytest.param(
            {"connections": {"OmegaAI": "no answer"}},
            P.CONNECTION, "OmegaAI", S.NOT_MET, "no answer", id="a-wire-is-dead",
        ),
        pytest.param(
            {"organizations": without(M, G, N)}, P.IN_OMEGAAI, CENTRO, S.NOT_MET, "0", id="missing"
        ),
        pytest.param(
            {"organizations": without(M, G, C, N, C.model_copy(update={"id": "c2"}))},
            P.IN_OMEGAAI, CENTRO, S.NOT_MET, "2", id="two-of-one-name",
        ),
        pytest.param(
            {"organizations": without(M, G, C.model_copy(update={"active": False}), N)},
            P.IN_OMEGAAI, CENTRO, S.NOT_MET, "inactive", id="inactive",
        ),
        pytest.param(
            {"organizations": without(M, G, C.model_copy(update={"parent": "m"}), N)},
            P.PLACE, CENTRO, S.NOT_MET, "Lakeside Network", id="under-the-wrong-parent",
        ),
        pytest.param(
            {"organizations": without(G.model_copy(update={"parent": "g"}), C, N)},
            P.PLACE, CENTRO, S.NOT_MET, "LAKESIDE IMAGING", id="its-own-parent",
        ),
        pytest.param(
            {"organizations": None}, P.IN_OMEGAAI, CENTRO, S.UNSEEN, "", id="omegaai-not-asked"
        ),
        pytest.param(
            {"services": ServicesSeen((a_service("Lakeside Centro"),), ())},
            P.READABLE, NORTE, S.NOT_MET, "", id="the-account-sees-one-facility-only",
        ),
        pytest.param(
            {"organizations": OrganizationsSeen((M, G, N), ("x",))},
            P.IN_OMEGAAI, CENTRO, S.UNSEEN, "? x", id="it-may-be-the-one-nobody-understands",
        ),
        pytest.param(
            {"services": ServicesSeen((a_service("Lakeside Centro"),), ("x",))},
            P.READABLE, NORTE, S.UNSEEN, "", id="its-service-may-be-the-one-nobody-understands",
        ),
        pytest.param({"services": None}, P.READABLE, NORTE, S.UNSEEN, "", id="services-not-asked"),
        pytest.param(
            {"traits": traits(institutions=frozenset({""}))},
            P.IN_POWERSERVER, CENTRO, S.UNSEEN, "", id="no-study-names-its-institution",
        ),
        pytest.param(
            {"traits": traits(institutions=frozenset()), "said": frozenset(
                {(P.IN_POWERSERVER.value, CENTRO)}
            )},
            P.IN_POWERSERVER, CENTRO, S.ATTESTED, "", id="a-person-saw-it",
        ),
        pytest.param({"said": frozenset()}, P.SHARED_STORAGE, "", S.UNSEEN, "", id="nobody-said"),
        pytest.param({"said": frozenset()}, P.SIGN_IN, "", S.UNSEEN, "", id="nobody-signed-in"),
        pytest.param(
            {"lists": {**LISTS, "omegaai": Catalogues(modalities=frozenset({"CT", "US"}))}},
            P.MODALITIES, "", S.NOT_MET, "powerserver - US; omegaai - MR", id="both-ways",
        ),
        pytest.param(
            {"lists": {"powerserver": LISTS["powerserver"]}},
            P.STUDY_SETS, "", S.UNSEEN, "catalogues/omegaai.csv", id="one-list-only",
        ),
        pytest.param(
            {"systems": {"urn:other": 5}},
            P.ISSUER_IN_OMEGAAI, "LAKESIDE", S.NOT_MET, "urn:other", id="other-identifiers",
        ),
        pytest.param(
            {"systems": {}}, P.ISSUER_IN_OMEGAAI, "LAKESIDE", S.UNSEEN, "", id="no-patient-yet"
        ),
        pytest.param(
            {"traits": traits(issuers=frozenset({"", "LAKE"}))},
            P.ISSUER_IN_POWERSERVER, "main", S.NOT_MET, "LAKE", id="another-issuer",
        ),
        pytest.param(
            {"traits": traits(issuers=frozenset({""}))},
            P.ISSUER_IN_POWERSERVER, "main", S.UNSEEN, "", id="the-peer-names-no-issuer",
        ),
        pytest.param(
            {"traits": {"main": None}},
            P.ISSUER_IN_POWERSERVER, "main", S.UNSEEN, "", id="powerserver-not-asked",
        ),
        pytest.param(
            {"traits": traits(priorities=frozenset({"MED", "SCHEDULEDSTATUS."}))},
            P.PRIORITY_LABEL, "main", S.UNSEEN, "", id="with-a-full-stop-it-is-another",
        ),
        pytest.param(
            {"said": frozenset()},
            P.ISSUER_UNDER_MASTER, "LAKESIDE", S.UNSEEN, "", id="nobody-saw-the-master",
        ),
    ],
)  # fmt: skip
def test_one_thing_that_is_wrong(
    changes: dict[str, Any],
    prerequisite: Prerequisite,
    about: str,
    outcome: Outcome,
    seen: str,
) -> None:
    """Only what is wrong is told, and the whole is no longer ready."""
    checks = check(a_file(), ALL_WELL._replace(**changes))

    (found,) = (c for c in checks if (c.prerequisite, c.about) == (prerequisite, about))
    assert (found.outcome, found.seen) == (outcome, seen)
    others = {c.outcome for c in checks if c.outcome in (S.NOT_MET, S.UNSEEN)}
    if outcome is S.NOT_MET:
        assert readiness(checks) is Readiness.NOT_READY
    elif outcome is S.UNSEEN:
        assert others == {S.UNSEEN}
        assert readiness(checks) is Readiness.PARTIAL


@pytest.mark.parametrize(
    ("old", "new", "prerequisite", "about", "outcome"),
    [
        pytest.param("licence: AFD", "licence: BPP", P.LICENCE, CENTRO, S.NOT_MET, id="BPP"),
        pytest.param(
            "licence: AFD", "licence: BPP+forms+scheduling", P.LICENCE, CENTRO, S.DECLARED,
            id="both-add-ons",
        ),
        pytest.param(
            "licence: AFD", "# none", P.LICENCE, CENTRO, S.UNSEEN, id="no-licence-written"
        ),
        pytest.param("4.4.2", "4.4.1", P.MIRTH_VERSION, "main", S.NOT_MET, id="an-older-mirth"),
        pytest.param("4.4.2", "4.10.0", P.MIRTH_VERSION, "main", S.DECLARED, id="ten-is-newer"),
        pytest.param(
            "mirth_version: 4.4.2", "# none", P.MIRTH_VERSION, "main", S.UNSEEN, id="no-version"
        ),
        pytest.param(
            "    master: Lakeside Network\n    managing: Lakeside Imaging\n", "",
            P.PLACE, CENTRO, S.UNSEEN, id="no-place-written",
        ),
    ],
)  # fmt: skip
def test_what_the_file_says(
    old: str, new: str, prerequisite: Prerequisite, about: str, outcome: Outcome
) -> None:
    """What no machine can see is taken from the file, and a gap in the file is no green."""
    checks = check(a_file(old, new), ALL_WELL)

    assert outcomes(checks)[prerequisite, about] is outcome


def test_nothing_checked_is_not_ready() -> None:
    """No check that ran proves nothing."""
    assert readiness([]) is Readiness.PARTIAL


def test_every_prerequisite_has_its_words() -> None:
    """Phase, fix, screen and who, in both languages."""
    assert set(WORDS) == set(P)
    for words in WORDS.values():
        assert words.phase in ("P0", "P2", "P5")
        assert all((words.pt, words.en, words.fix_pt, words.fix_en, words.screen))
        assert words.text("pt-BR") != words.text("en-US")
        assert words.fix("pt-BR") != words.fix("en-US")
