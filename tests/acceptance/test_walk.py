"""The walk over real sockets: what a site takes, what it only says it takes, and what it spoils."""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.acceptance import accepting, looking, seeing, settling
from accord.acceptance.building import UnfitSettings
from accord.acceptance.looking import NotOurs
from accord.acceptance.people import CLEAN_UP_BY_HAND, LOOK, ORDER_BY_HAND, SETTINGS, People
from accord.acceptance.stages import Stage
from accord.acceptance.walk import ACCEPT
from accord.adapters.errors import PeerError, Unavailable
from accord.domain.acceptance import Harm, Outcome, Remark, Route, Step, Tried
from accord.domain.effects import EffectState, Mode, Rung
from accord.ledger.approvals import Decision
from accord.ledger.humantasks import TaskState
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy
from tests.acceptance.walked_site import ALL, KEY, ASite, Cut, a_site, outcomes

O, S, R = Outcome, Step, Route  # noqa: E741 - short, for tables of outcomes
FEW = {"tries": ["ADT", "ORM", "T02"]}
VERSIONS = {"tries": ["ADT", "ORM", "T02", "T10", "T11"]}


def one(accepted: accepting.Accepted, step: Step) -> Tried:
    return next(each for each in accepted.tried if each.step is step)


def changes(accepted: accepting.Accepted) -> dict[str, str]:
    prefix = "site.powerservers.main."
    return {each.path.removeprefix(prefix): each.after for each in accepted.changes}


async def test_a_good_site_is_walked_looked_at_and_cleaned_up(tmp_path: Path) -> None:
    """Every document is read back by its bytes; nothing of the walk is left, and it ends."""
    with a_site(tmp_path, acceptance=VERSIONS) as site:
        walked = await site.run()

        assert {one(walked, step).rung for step in (S.REGISTRATION, S.CLINICAL, S.REPLACEMENT)} == {
            "bytes equal"
        }
        assert one(walked, S.REGISTRATION).remarks == (Remark.DOCUMENTS_ONLY_STUDY,)
        assert changes(walked) == {"hl7.accepts": "[T02, T10, T11]"}
        assert site.open_tasks == {LOOK, SETTINGS}
        assert walked.left == (S.REGISTRATION, S.REPLACEMENT)

        sent = len(site.events)
        await site.run()
        assert len(site.events) == sent  # what a person is to look at stays until they have

        site.say(LOOK)
        cleaned = await site.run()
        assert cleaned.is_cleaned_up
        assert site.shown == []
        assert [s.status for s in site.studies if not s.documents_only] == ["CANCELLED"]

        sent = len(site.events)
        again = await site.run()
        assert (len(site.events), outcomes(again)) == (sent, outcomes(cleaned))


async def test_the_file_that_says_so_already_leaves_nothing_to_change(tmp_path: Path) -> None:
    """The proposal is one row for all runs; whoever changed the file has approved it."""
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM", "T02", "T11"]}) as site:
        walked, again = await site.run(), await site.run()
        assert walked.plan is not None
        assert again.plan == walked.plan
        assert walked.plan.decision is Decision.OPEN

        site.set(hl7={"accepts": ["T02", "T11"]})
        settled = await site.run(writes=False)

        assert (settled.changes, settled.plan) == ((), None)
        assert site.open_tasks == {LOOK}
        [row] = site.ledger.plans("lakeside")
        assert (row.decision, row.decided_by) == (Decision.APPROVED, "organization file")


async def test_an_event_that_is_refused_is_a_fact_and_no_failure(tmp_path: Path) -> None:
    """The walk goes on; what cannot be withdrawn by a message is a person's to remove."""
    with a_site(
        tmp_path, acceptance=VERSIONS, hl7={"accepts": sorted(ALL)}, accepts=frozenset({"T02"})
    ) as site:
        walked = await site.run_to_the_end()

        assert (one(walked, S.REPLACEMENT).outcome, one(walked, S.WITHDRAWAL).outcome) == (
            O.REFUSED,
            O.REFUSED,
        )
        assert one(walked, S.WITHDRAWAL).answer.startswith("AE")
        assert changes(walked) == {"hl7.accepts": "[T02]"}
        assert walked.left == (S.REGISTRATION, S.CLINICAL, S.MISTAKE)
        assert CLEAN_UP_BY_HAND in site.open_tasks
        assert "MDM^T11" in site.events
        assert site.events.count("MDM^T11") == 1  # no clean-up by what was not proven to work

        for document in site.shown:  # a person removes them
            document.withdrawn = True
        done = await site.run()
        assert done.is_cleaned_up
        assert CLEAN_UP_BY_HAND not in site.open_tasks


@pytest.mark.parametrize(
    ("fault", "step", "event", "harms"),
    [
        pytest.param("keep_withdrawn", S.WITHDRAWAL, "T11", (), id="withdraws-nothing"),
        pytest.param(
            "keep_replaced", S.REPLACEMENT, "T10", (Harm.OLD_ONE_STAYS,), id="replaces-nothing"
        ),
    ],
)
async def test_yes_without_a_deed_is_unproven(
    tmp_path: Path, fault: str, step: Step, event: str, harms: tuple[Harm, ...]
) -> None:
    """PowerServer answers AA and does nothing: that never becomes a capability."""
    with a_site(tmp_path, acceptance=VERSIONS, hl7={"accepts": sorted(ALL)}) as site:
        setattr(site.sim.faults, fault, True)
        walked = await site.run()

        assert (one(walked, step).outcome, one(walked, step).answer) == (O.UNPROVEN, "AA")
        assert one(walked, step).harms == harms
        assert event not in changes(walked)["hl7.accepts"]


async def test_a_document_that_moves_its_study_is_harm(tmp_path: Path) -> None:
    """By C-STORE, the documented danger: the route is not proposed, and the file loses it."""
    with a_site(
        tmp_path,
        acceptance={"tries": ["ADT", "ORM", "T02", "C-STORE"]},
        powerserver={"document_route": "c-store"},
    ) as site:
        site.sim.faults.advance_status_on_store = True
        walked = await site.run()

        assert one(walked, S.CLINICAL).outcome is O.ACCEPTED
        stored = one(walked, S.STORED)
        assert (stored.outcome, stored.harms) == (O.HARMFUL, (Harm.STATUS_MOVED,))
        assert stored.seen == "COMPLETED"
        assert changes(walked) == {"document_route": "mdm"}


@pytest.mark.parametrize(
    ("fault", "harm"),
    [
        pytest.param("advance_status_on_filing", Harm.STATUS_MOVED, id="status-by-hl7"),
        pytest.param("phantom_study_on_filing", Harm.PHANTOM_STUDY, id="phantom-study"),
        pytest.param("file_twice", Harm.TWICE, id="filed-twice", marks=pytest.mark.long),
    ],
)
async def test_what_filing_spoils_is_found(tmp_path: Path, fault: str, harm: Harm) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        setattr(site.sim.faults, fault, True)
        walked = await site.run()

        clinical = one(walked, S.CLINICAL)
        assert (clinical.outcome, clinical.harms) == (O.HARMFUL, (harm,))


async def test_without_comparing_before_and_after_the_harm_would_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: a document that completes its study looks accepted."""
    monkeypatch.setattr(settling, "harms_of", lambda *_: {})
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.faults.advance_status_on_filing = True
        assert one(await site.run(), S.CLINICAL).outcome is O.ACCEPTED


def a_stranger(site: ASite) -> None:
    """Somebody real has the synthetic patient's number."""
    site.sim.archive.put_patient(HeldPatient("ACCORD-TEST", "LAKESIDE", "SOUZA", "MARIA"))
    site.sim.archive.put_study(
        HeldStudy(
            uid="2.25.99",
            patient=KEY,
            accession="REAL1",
            placer_order="",
            modality="CT",
            description="",
            start=site.sim.now(),
        )
    )


async def test_somebody_else_with_this_number_is_not_touched(tmp_path: Path) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        a_stranger(site)

        with pytest.raises(NotOurs, match=r"site\.acceptance\.number") as stopped:
            await site.run()

        assert "SOUZA" not in str(stopped.value)
        assert site.events == []
        assert site.sim.archive.patients[KEY].family == "SOUZA"


async def test_without_that_look_somebody_would_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: the registration overwrites a real person."""
    monkeypatch.setattr(looking, "_is_ours", lambda *_: True)
    with a_site(tmp_path, acceptance=FEW) as site:
        a_stranger(site)
        await site.run()
        assert site.sim.archive.patients[KEY].family == "TESTE"


async def test_another_patient_with_this_accession_number_is_not_touched(tmp_path: Path) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.archive.put_patient(HeldPatient("R1", "LAKESIDE", "SOUZA", "MARIA"))
        site.sim.archive.put_study(
            HeldStudy(
                uid="2.25.98",
                patient=("LAKESIDE", "R1"),
                accession=site.walk.accession,
                placer_order="",
                modality="CT",
                description="",
                start=site.sim.now(),
            )
        )
        with pytest.raises(NotOurs, match="accession number"):
            await site.run()
        assert site.events == []


async def test_a_dead_wire_says_so_and_nothing_is_lost(tmp_path: Path) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.faults.refuse_connections = True
        with pytest.raises(Unavailable, match="connect"):
            await site.run()

        site.sim.faults.refuse_connections = False
        walked = await site.run()

        assert one(walked, S.CLINICAL).outcome is O.ACCEPTED
        assert site.events == ["ADT^A04", "ORM^O01", "ORM^O01", *["MDM^T02"] * 3]


async def test_what_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.faults.read_back_down = True
        with pytest.raises(PeerError):
            await site.run()
        assert site.events == []


async def test_where_nobody_lets_it_write_it_writes_nothing(tmp_path: Path) -> None:
    """`watch` is the kill switch, also in the middle of a walk."""
    with a_site(tmp_path, acceptance=FEW, mode=Mode.WATCH) as site:
        walked = await site.run()
        assert outcomes(walked) == {S.PATIENT: O.WAITING}
        assert (site.events, walked.is_walked, site.open_tasks) == ([], False, set())

        site.ledger.set_mode("lakeside", ACCEPT, Mode.DELIVER, who="Ana", why="goes on")
        with pytest.raises(Cut):
            await site.run(dies={"dies_after": 2})
        site.forward(seconds=61)
        site.ledger.set_mode("lakeside", ACCEPT, Mode.WATCH, who="Ana", why="stop")
        assert (await site.run()).is_walked is False
        assert site.events == ["ADT^A04", "ORM^O01", "ORM^O01"]


async def test_of_what_the_ledger_has_forgotten_nothing_is_concluded(tmp_path: Path) -> None:
    """Harm that is no longer known must not turn into a capability; nothing is sent again."""
    with a_site(tmp_path, acceptance=FEW, powerserver={"read_back": "person"}) as site:
        site.sim.faults.advance_status_on_filing = True
        await site.run()
        sent = len(site.events)
        site.ledger.retire(site.now() + timedelta(days=1))
        forgotten = await site.run()

        assert (outcomes(forgotten), forgotten.changes) == ({}, ())
        assert len(site.events) == sent


async def test_settings_that_do_not_fit_are_named_before_anything_is_sent(tmp_path: Path) -> None:
    long = {"family": "T" * 40, "given": "A" * 40, **FEW}
    with a_site(tmp_path, acceptance=long) as site:
        with pytest.raises(UnfitSettings, match="PID-5"):
            await site.run()
        site.set(acceptance={"family": "TESTE", "given": "ACCORD"})
        site.set(document_types={"registration": "R" * 31, "clinical": "CLINICAL"})
        with pytest.raises(UnfitSettings, match="does-not-fit"):
            await site.run()
        assert "MDM^T02" not in site.events


async def test_a_site_that_takes_schedules_and_knows_repeats(tmp_path: Path) -> None:
    """Appointment, confirmation and cancelling are seen over C-FIND, not believed."""
    with a_site(
        tmp_path,
        acceptance={"tries": ["ADT", "ORM", "SIU", "T02", "repeat"]},
        takes_schedule=True,
        order_statuses={"SC": "SCHEDULED"},
        recognises_repeats=True,
    ) as site:
        walked = await site.run()

        assert {step: one(walked, step).seen for step in (S.SCHEDULING, S.CONFIRMATION)} == {
            S.SCHEDULING: "SCHEDULED",
            S.CONFIRMATION: "CONFIRMED",
        }
        assert set(outcomes(walked).values()) == {O.ACCEPTED}
        assert changes(walked) == {"hl7.takes_repeats": "true"}
        [study] = [s for s in site.studies if not s.documents_only]
        assert (study.start.hour, study.start.minute, study.status) == (10, 30, "CONFIRMED")

        site.say(LOOK)
        cleaned = await site.run()
        assert one(cleaned, S.CANCELLATION).seen == "CANCELLED"
        assert one(cleaned, S.APPOINTMENT_CANCELLED).outcome is O.NOT_TRIED  # it is so already


@pytest.mark.long
async def test_what_is_refused_and_filed_all_the_same_is_told(tmp_path: Path) -> None:
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.faults.denied_after_filing = True
        walked = await site.run()

        clinical = one(walked, S.CLINICAL)
        assert (clinical.outcome, clinical.answer) == (O.CONTRADICTORY, "AE/207")
        assert one(walked, S.PATIENT).outcome is O.REFUSED  # an order may have made them
        assert walked.changes == ()


@pytest.mark.long
async def test_documents_that_never_show_are_unproven(tmp_path: Path) -> None:
    """Taken with AA and not filed: a person would have to attest each."""
    with a_site(tmp_path, acceptance=FEW) as site:
        site.sim.faults.drop_document_silently = True
        walked = await site.run()

        assert one(walked, S.CLINICAL).outcome is O.UNPROVEN
        assert changes(walked) == {"read_back": "person"}


@pytest.mark.long
async def test_an_order_made_by_hand_is_as_good_a_ground(tmp_path: Path) -> None:
    """Where orders are refused, a person makes one under our number, and the walk goes on."""
    with a_site(
        tmp_path, acceptance={"tries": ["ORM", "T02"]}, creates_unknown_patients=False
    ) as site:
        refused = await site.run()
        assert outcomes(refused) == {S.ORDER: O.REFUSED}
        assert site.open_tasks == {LOOK, ORDER_BY_HAND}

        site.sim.archive.put_patient(HeldPatient("ACCORD-TEST", "LAKESIDE", "Teste", "Accord"))
        site.sim.archive.put_study(
            HeldStudy(
                uid="2.25.97",
                patient=KEY,
                accession=refused.accession,
                placer_order="",
                modality="OT",
                description="",
                start=site.sim.now(),
            )
        )
        walked = await site.run()

        assert one(walked, S.ORDER).outcome is O.REFUSED
        assert one(walked, S.CLINICAL).outcome is O.ACCEPTED
        assert site.open_tasks == {LOOK}


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        pytest.param(seeing.LOOKS_FOR_ABSENCE, O.UNPROVEN, id="seen-twice"),
        pytest.param(1, O.ACCEPTED, id="guard-taken-away", marks=pytest.mark.long),
    ],
)
async def test_an_absence_counts_only_when_it_was_seen_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int, outcome: Outcome
) -> None:
    """A station that once leaves out half its rows has withdrawn nothing."""
    monkeypatch.setattr(seeing, "LOOKS_FOR_ABSENCE", looks)
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM", "T02", "T11"]}) as site:
        site.sim.faults.keep_withdrawn = True
        real = looking.look
        hidden: list[bool] = []

        async def half(*args: object, **kwargs: object) -> looking.Scene:
            scene = await real(*args, **kwargs)  # type: ignore[arg-type]
            if site.events[-1] == "MDM^T11" and not hidden:
                hidden.append(True)
                return looking.Scene(scene.studies, scene.study, ())
            return scene

        monkeypatch.setattr(settling, "look", half)
        walked = await site.run()

        assert hidden
        assert one(walked, S.WITHDRAWAL).outcome is outcome


async def test_who_believed_the_answer_would_propose_what_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: AA alone makes a capability of a withdrawal that withdraws nothing."""

    def believed(stage: Stage, view: seeing.View) -> seeing.Proof | None:
        is_taken = view.rows[stage.step].evidence.get("answer") == "AA"
        proof = seeing.Proof(Rung.PRESENT, {}) if is_taken else None
        return proof if stage.step is S.WITHDRAWAL else seeing.seen(stage, view)

    monkeypatch.setattr(settling, "seen", believed)
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM", "T02", "T11"]}) as site:
        site.sim.faults.keep_withdrawn = True
        assert changes(await site.run()) == {"hl7.accepts": "[T02, T11]"}


async def test_without_waiting_for_the_person_nothing_would_be_left_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: the order is cancelled before anybody has seen it."""
    monkeypatch.setattr(People, "have_looked", True)
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM"]}) as site:
        assert (await site.run()).is_cleaned_up
        assert [s.status for s in site.studies] == ["CANCELLED"]


@pytest.mark.long
async def test_another_round_is_another_walk(tmp_path: Path) -> None:
    """After an update of PowerServer everything is found out anew; nothing old is touched."""
    with a_site(tmp_path, acceptance={"tries": ["ADT", "ORM"]}) as site:
        first = await site.run_to_the_end()
        site.set(acceptance={"round": 2})
        second = await site.run()

        assert first.accession != second.accession
        assert [s.status for s in site.studies] == ["CANCELLED", "ORDERED"]
        assert site.task(LOOK).state is TaskState.OPEN


async def test_what_is_written_down_names_nobody(tmp_path: Path) -> None:
    """The ledger has opaque names, codes and UIDs, and not the number either."""
    with a_site(tmp_path, acceptance=FEW) as site:
        await site.run()
        rows = site.ledger.open_effects("lakeside", "accept-site", list(EffectState))
        text = " ".join(row.model_dump_json() for row in rows)
        assert not {"ACCORD-TEST", "TESTE", site.walk.accession} & set(text.split('"'))
