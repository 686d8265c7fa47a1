"""Documents as a PowerServer shows them over DICOM: found, told apart, fetched, filed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydicom.dataset import Dataset

from accord.adapters.dicom import DicomStation
from accord.adapters.dicom_documents import AmbiguousStudy, DicomDocuments
from accord.adapters.dicom_encapsulated import content_of, encapsulate, uid_of
from accord.adapters.dicom_filing import (
    CannotWithdraw,
    DicomFiling,
    PatientLevelUndecided,
    StatusMoved,
    StatusUnread,
)
from accord.adapters.dicom_limits import UnfitForDicom
from accord.adapters.dicom_partial import CutShort, OddObject
from accord.adapters.dicom_port import DicomReader, DicomWriter
from accord.adapters.dicom_rows import moment_of, section_of
from accord.adapters.errors import Phase, Rejected, Unavailable
from accord.domain.documents import AnswerKind, DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import (
    AccessionNumber,
    Digest,
    EffectKey,
    Issuer,
    PatientNumber,
    Uid,
)
from accord.domain.people import Patient, PatientId
from accord.domain.wires import FilingSettings, PatientLevelStudy
from tests.adapters.dicom_peer import Peer, serving

SAO_PAULO, MANAUS = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Manaus")
JOANA = PatientId(number=PatientNumber("P1"), issuer=Issuer("HOSP"))
VISIT = AccessionNumber("A1")
PDF = b"%PDF-1.7 a form\n%%EOF\n"


def a_study(number: int = 1, **changes: Any) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = f"1.2.3.{number}"
    study.StudyDate, study.StudyTime = "20260301", "101500"
    study.PatientID, study.IssuerOfPatientID = "P1", "HOSP"
    study.AccessionNumber = f"A{number}"
    study.StudyStatusID, study.StudyPriorityID = "CONFIRMED", "SCHEDULED STATUS"
    for keyword, value in changes.items():
        setattr(study, keyword, value)
    return study


def an_order(key: str = "K" * 20, **changes: Any) -> DocumentOrder:
    patient = Patient(
        id=JOANA,
        family="Conceição",
        given="Joana",
        birth_date=date(1990, 5, 4),
        sex="F",
    )
    order = DocumentOrder(
        key=EffectKey(key),
        intent=Intent.FILE_DOCUMENT,
        kind=FormKind.CLINICAL,
        patient=patient,
        section=Section.DOCUMENTS,
        document_type="CLINICAL",
        title="Questionário clínico",
        accession=VISIT,
        at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        submitted_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        content=PDF,
        digest=Digest("0" * 64),
    )
    return order.model_copy(update=changes)


def a_document(number: int = 1, study: Dataset | None = None, **changes: Any) -> Dataset:
    """What another system filed: its own UIDs, the vendor's level and type."""
    order = an_order(f"FOREIGN{number:013}")
    document = encapsulate(order, study=None, zone=SAO_PAULO, private_creator="VENDOR")
    document.StudyInstanceUID = (study or a_study()).StudyInstanceUID
    for keyword, value in changes.items():
        setattr(document, keyword, value)
    return document


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer(studies=[a_study()])) as running:
        yield running


@pytest.fixture
def station(peer: Peer) -> Iterator[DicomStation]:
    with DicomStation(peer.wire()) as opened:
        yield opened


@pytest.fixture
def documents(station: DicomStation) -> DicomDocuments:
    return DicomDocuments(station, SAO_PAULO)


class TestSeeing:
    def test_a_document_is_seen_with_all_that_tells_it_apart(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.documents.append(a_document())
        found = documents.documents_of(JOANA, VISIT)
        (seen,) = found.documents
        assert found.complete
        assert (seen.section, seen.document_type) == (Section.DOCUMENTS, "CLINICAL")
        assert (seen.title, seen.accession) == ("Questionário clínico", VISIT)
        assert seen.patient == JOANA
        assert seen.issuer_returned
        assert seen.at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("meaning", "section"),
        [
            pytest.param("Study Level", Section.DOCUMENTS, id="study"),
            pytest.param("Patient Level", Section.PATIENT_DOCS, id="patient"),
            pytest.param("PATIENT LEVEL", Section.PATIENT_DOCS, id="upper-case"),
            pytest.param("Other", None, id="unknown-meaning"),
        ],
    )
    def test_the_level_names_the_section(self, meaning: str, section: Section | None) -> None:
        document = a_document()
        document.ConceptNameCodeSequence[0].CodeMeaning = meaning
        assert section_of(document) is section

    def test_a_level_of_another_scheme_names_no_section(self) -> None:
        document = a_document()
        document.ConceptNameCodeSequence[0].CodingSchemeDesignator = "DCM"
        assert section_of(document) is None

    def test_the_issuer_is_always_asked_for(self, peer: Peer, documents: DicomDocuments) -> None:
        documents.documents_of(JOANA)
        assert peer.queries[0].IssuerOfPatientID == "HOSP"

    def test_a_station_that_ignores_the_issuer_is_checked_here(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        """The same number of another issuer is another person."""
        stranger = a_study(2, IssuerOfPatientID="OTHER")
        peer.minds_issuer = False
        peer.studies.append(stranger)
        peer.documents += [a_document(1), a_document(2, stranger)]
        found = documents.documents_of(JOANA)
        assert [d.study_uid for d in found.documents] == ["1.2.3.1"]

    def test_a_station_that_returns_no_issuer_is_believed_and_said_so(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.returns_issuer = False
        peer.documents.append(a_document())
        (seen,) = documents.documents_of(JOANA).documents
        assert (seen.patient, seen.issuer_returned) == (JOANA, False)

    def test_wildcards_in_a_number_match_nobody_else(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        anybody = PatientId(number=PatientNumber("P*"), issuer=Issuer("HOSP"))
        assert documents.documents_of(anybody).documents == ()

    def test_a_number_that_dicom_would_read_as_two_is_refused(
        self, documents: DicomDocuments
    ) -> None:
        two = PatientId(number=PatientNumber("P1\\P2"), issuer=Issuer("HOSP"))
        with pytest.raises(UnfitForDicom, match="PatientID"):
            documents.documents_of(two)

    def test_one_visit_is_not_mixed_with_another(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        other = a_study(2)
        peer.studies.append(other)
        peer.documents += [a_document(1), a_document(2, other)]
        assert len(documents.documents_of(JOANA, VISIT).documents) == 1
        assert len(documents.documents_of(JOANA).documents) == 2

    def test_images_are_no_documents(self, peer: Peer, documents: DicomDocuments) -> None:
        peer.documents += [
            a_document(1, Modality="MR"),
            a_document(2, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"),
        ]
        assert documents.documents_of(JOANA).documents == ()

    @pytest.mark.parametrize("limit", [1, 2, 3], ids=["studies", "series", "enough"])
    def test_a_list_that_was_cut_short_says_so(
        self, peer: Peer, documents: DicomDocuments, limit: int
    ) -> None:
        """Three documents in one study: only a limit above three gives a complete list."""
        peer.documents += [a_document(n) for n in (1, 2, 3)]
        with DicomStation(peer.wire(find_limit=limit + 1)) as narrow:
            peer.limit = limit + 1
            found = DicomDocuments(narrow, SAO_PAULO).documents_of(JOANA)
        assert found.complete is (limit == 3)

    def test_one_uid_in_two_places_is_told(self, peer: Peer, documents: DicomDocuments) -> None:
        """C3: the count agrees, the UIDs do not."""
        double = a_document(1, SeriesInstanceUID="1.2.3.77")
        peer.documents += [a_document(1), double]
        found = documents.documents_of(JOANA)
        assert found.doubled == (double.SOPInstanceUID,)

    def test_a_known_object_proves_the_way_of_reading(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        known = a_document()
        peer.documents.append(known)
        at = Uid(known.StudyInstanceUID), Uid(known.SeriesInstanceUID)
        assert documents.sees(*at, Uid(known.SOPInstanceUID))
        assert not documents.sees(*at, Uid("1.2.3.404"))


class TestFetching:
    @pytest.mark.parametrize("content", [PDF, PDF + b"x"], ids=["even", "odd"])
    def test_the_bytes_are_the_documents_own(
        self, peer: Peer, documents: DicomDocuments, content: bytes
    ) -> None:
        order = an_order(content=content)
        peer.documents.append(
            encapsulate(order, study=None, zone=SAO_PAULO, private_creator="RAMSOFT")
        )
        peer.documents[0].StudyInstanceUID = "1.2.3.1"
        (seen,) = documents.documents_of(JOANA).documents
        assert documents.fetch(seen).content == content

    @pytest.mark.parametrize(
        ("stored", "length", "own"),
        [
            pytest.param(b"abc\0", 3, b"abc", id="length-tells"),
            pytest.param(b"abc\0", None, b"abc", id="one-nul-is-padding"),
            pytest.param(b"ab\0\0", None, b"ab\0", id="only-one-is-stripped"),
            pytest.param(b"abcd", None, b"abcd", id="nothing-to-strip"),
            pytest.param(b"ab\0\0", 4, b"ab\0\0", id="length-keeps-its-nuls"),
        ],
    )
    def test_padding_is_not_content(self, stored: bytes, length: int | None, own: bytes) -> None:
        ds = Dataset()
        ds.EncapsulatedDocument = stored
        if length is not None:
            ds.EncapsulatedDocumentLength = length
        assert content_of(ds) == own

    def test_a_document_shorter_than_it_says_is_malformed(self) -> None:
        ds = Dataset()
        ds.EncapsulatedDocument, ds.EncapsulatedDocumentLength = b"ab", 4
        with pytest.raises(OddObject):
            content_of(ds)

    def test_what_a_query_left_out_is_read_from_the_document(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.image_rows_say_all = False
        peer.documents.append(a_document())
        (seen,) = documents.documents_of(JOANA).documents
        assert (seen.section, seen.document_type, seen.title) == (None, "", "")
        whole = documents.read(seen)
        assert (whole.section, whole.document_type) == (Section.DOCUMENTS, "CLINICAL")
        assert whole.title == "Questionário clínico"
        assert whole.at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def test_several_come_together(self, peer: Peer, documents: DicomDocuments) -> None:
        peer.documents += [a_document(n) for n in range(5)]
        found = documents.documents_of(JOANA).documents
        fetched = documents.fetch_many(found)
        assert (len(fetched.documents), fetched.missing) == (5, ())
        assert peer.noted["get"] == 1

    def test_what_does_not_come_is_unavailable(self, peer: Peer, documents: DicomDocuments) -> None:
        document = a_document()
        peer.documents.append(document)
        (seen,) = documents.documents_of(JOANA).documents
        peer.lose = {document.SOPInstanceUID}
        assert documents.fetch_many([seen]).missing == (seen.sop_uid,)
        with pytest.raises(Unavailable):
            documents.fetch(seen)

    def test_an_object_of_another_patient_is_malformed(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.documents.append(a_document(PatientID="P2"))
        (seen,) = documents.documents_of(JOANA).documents
        with pytest.raises(OddObject, match="another patient"):
            documents.fetch(seen)


class TestTimes:
    @pytest.mark.parametrize(
        ("day", "clock", "zone", "offset", "moment"),
        [
            pytest.param(
                "20260301", "090000", SAO_PAULO, "", "2026-03-01T12:00:00+00:00", id="declared-zone"
            ),
            pytest.param(
                "20260301", "080000", MANAUS, "", "2026-03-01T12:00:00+00:00", id="another-zone"
            ),
            pytest.param(
                "20181210", "090000.5", SAO_PAULO, "", "2018-12-10T11:00:00.500000+00:00", id="dst"
            ),
            pytest.param("20180217", "233000", SAO_PAULO, "", None, id="doubled-hour"),
            pytest.param("20181104", "003000", SAO_PAULO, "", None, id="missing-hour"),
            pytest.param(
                "20180217",
                "233000",
                SAO_PAULO,
                "-0300",
                "2018-02-18T02:30:00+00:00",
                id="offset-tells-the-doubled-hour",
            ),
            pytest.param("20260301", "", SAO_PAULO, "", None, id="no-time"),
            pytest.param("", "090000", SAO_PAULO, "", None, id="no-date"),
            pytest.param("20260231", "090000", SAO_PAULO, "", None, id="no-such-day"),
            pytest.param("20260301", "9", SAO_PAULO, "", None, id="no-such-time"),
            pytest.param(
                "2026.03.01", "09:00", SAO_PAULO, "", "2026-03-01T12:00:00+00:00", id="older-form"
            ),
            pytest.param(
                "20260301", "235960", SAO_PAULO, "", "2026-03-02T02:59:59+00:00", id="leap-second"
            ),
        ],
    )
    def test_a_time_is_read_in_the_zone_of_the_peer(
        self, day: str, clock: str, zone: ZoneInfo, offset: str, moment: str | None
    ) -> None:
        row = Dataset()
        row.ContentDate, row.ContentTime, row.TimezoneOffsetFromUTC = day, clock, offset
        read = moment_of(row, "ContentDate", "ContentTime", zone)
        assert (read.astimezone(UTC).isoformat() if read else None) == moment


class TestStudies:
    def test_status_and_priority_are_read_without_spaces(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.studies[0].StudyStatusID = "Ready For Scan"
        state = documents.study_state(JOANA, VISIT)
        assert state is not None
        assert (state.status, state.priority) == ("READYFORSCAN", "SCHEDULEDSTATUS")
        assert state.at == datetime(2026, 3, 1, 13, 15, tzinfo=UTC)

    def test_an_unknown_accession_gives_none(self, documents: DicomDocuments) -> None:
        assert documents.study_state(JOANA, AccessionNumber("A404")) is None

    def test_two_studies_under_one_accession_are_for_a_person(
        self, peer: Peer, documents: DicomDocuments
    ) -> None:
        peer.studies.append(a_study(2, AccessionNumber="A1"))
        with pytest.raises(AmbiguousStudy):
            documents.study_state(JOANA, VISIT)

    def test_a_window_with_more_than_the_limit_is_found_whole(self, peer: Peer) -> None:
        """Twelve a day for ten days, ten rows at a time: days are halved, then hours."""
        peer.limit = 10
        peer.studies = [
            a_study(day * 100 + hour, StudyDate=f"202604{day:02}", StudyTime=f"{hour:02}0000")
            for day in range(1, 11)
            for hour in range(12)
        ]
        with DicomStation(peer.wire(find_limit=10)) as station:
            reader = DicomDocuments(station, SAO_PAULO)
            found = reader.studies_on(date(2026, 4, 1), date(2026, 4, 10))
        assert found.complete
        assert len({s.study_uid for s in found.studies}) == 120

    def test_more_in_one_second_than_the_limit_is_said(self, peer: Peer) -> None:
        peer.limit = 5
        peer.studies = [a_study(n) for n in range(20)]
        with DicomStation(peer.wire(find_limit=5)) as station:
            found = DicomDocuments(station, SAO_PAULO).studies_on(
                date(2026, 3, 1), date(2026, 3, 1)
            )
        assert not found.complete

    def test_studies_without_a_time_fall_out_of_every_half_and_are_said(self, peer: Peer) -> None:
        peer.limit = 5
        peer.studies = [a_study(n, StudyTime="" if n == 0 else f"{n:02}0000") for n in range(12)]
        with DicomStation(peer.wire(find_limit=5)) as station:
            found = DicomDocuments(station, SAO_PAULO).studies_on(
                date(2026, 3, 1), date(2026, 3, 1)
            )
        assert not found.complete
        assert len(found.studies) == 12

    def test_a_patient_with_more_studies_than_the_limit_is_found_whole(self, peer: Peer) -> None:
        peer.limit = 4
        peer.studies = [a_study(n, StudyDate=f"20{n:02}0101") for n in range(1, 20)]
        with DicomStation(peer.wire(find_limit=4)) as station:
            found = DicomDocuments(station, SAO_PAULO).documents_of(JOANA)
        assert found.complete

    def test_a_window_that_ends_before_it_starts_is_refused(
        self, documents: DicomDocuments
    ) -> None:
        with pytest.raises(ValueError, match="ends before it starts"):
            documents.studies_on(date(2026, 3, 2), date(2026, 3, 1))


class TestEncapsulating:
    def build(self, order: DocumentOrder) -> Dataset:
        return encapsulate(order, study=None, zone=SAO_PAULO, private_creator="RAMSOFT")

    def test_the_same_order_gives_the_same_object(self) -> None:
        assert self.build(an_order()) == self.build(an_order())

    def test_another_key_gives_another_object(self) -> None:
        assert uid_of(EffectKey("A" * 20)) != uid_of(EffectKey("B" * 20))

    def test_our_uids_never_change(self) -> None:
        """A changed namespace would file every document a second time."""
        assert uid_of(EffectKey("K" * 20)) == "2.25.248529828334265236238306277680163975833"

    def test_names_keep_their_accents(self) -> None:
        ds = self.build(an_order())
        assert ds.SpecificCharacterSet == "ISO_IR 192"
        assert str(ds.PatientName) == "Conceição^Joana"

    @pytest.mark.parametrize(
        ("section", "meaning"),
        [(Section.DOCUMENTS, "Study Level"), (Section.PATIENT_DOCS, "Patient Level")],
    )
    def test_the_section_becomes_the_vendors_level(self, section: Section, meaning: str) -> None:
        (code,) = self.build(an_order(section=section)).ConceptNameCodeSequence
        assert (code.CodeValue, code.CodingSchemeDesignator) == ("DT.01", "99RAMSOFT")
        assert code.CodeMeaning == meaning

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            pytest.param({"document_type": "X" * 65}, "311B,1010", id="long-type"),
            pytest.param({"document_type": "A\\B"}, "311B,1010", id="two-types"),
            pytest.param({"title": "x" * 1025}, "DocumentTitle", id="long-title"),
            pytest.param({"family": "A^B"}, "PatientName", id="caret-in-a-name"),
            pytest.param({"family": "x" * 65}, "PatientName", id="long-name"),
            pytest.param({"family": "A\nB"}, "PatientName", id="line-break-in-a-name"),
        ],
    )
    def test_what_does_not_fit_is_held_and_never_cut(
        self, change: dict[str, str], field: str
    ) -> None:
        order = an_order()
        if "family" in change:
            order = order.model_copy(update={"patient": order.patient.model_copy(update=change)})
        else:
            order = order.model_copy(update=change)
        with pytest.raises(UnfitForDicom, match=field) as caught:
            self.build(order)
        assert all(value not in str(caught.value) for value in change.values())


class TestFiling:
    @pytest.fixture
    def filing(self, station: DicomStation, documents: DicomDocuments) -> DicomFiling:
        return DicomFiling(station, documents, SAO_PAULO)

    def test_a_filed_document_is_seen_in_its_section_byte_for_byte(
        self, peer: Peer, documents: DicomDocuments, filing: DicomFiling
    ) -> None:
        order = an_order()
        answer = filing.store_document(order)
        (seen,) = documents.documents_of(JOANA, VISIT).documents
        assert answer.kind is AnswerKind.LANDED
        assert answer.peer_id == seen.sop_uid == uid_of(order.key)
        assert seen.section is Section.DOCUMENTS
        assert seen.at == order.submitted_at
        assert documents.fetch(seen).content == PDF

    def test_it_joins_the_study_as_the_station_has_it(
        self, peer: Peer, filing: DicomFiling
    ) -> None:
        filing.store_document(an_order())
        (stored,) = peer.documents
        assert (stored.StudyInstanceUID, stored.StudyDate) == ("1.2.3.1", "20260301")
        assert (stored.StudyTime, stored.AccessionNumber) == ("101500", "A1")

    def test_a_repeat_leaves_one_document(self, peer: Peer, filing: DicomFiling) -> None:
        filing.store_document(an_order())
        filing.store_document(an_order())
        assert len(peer.documents) == 1

    def test_a_status_that_moves_stops_the_route(self, peer: Peer, filing: DicomFiling) -> None:
        """The document is taken, a person is told, and nothing more is sent."""
        peer.status_after_store = "COMPLETED"
        with pytest.raises(StatusMoved) as caught:
            filing.store_document(an_order())
        assert (caught.value.phase, caught.value.code) == (Phase.VERIFY, "0x0000")

        announced: list[str] = []
        with pytest.raises(StatusMoved) as again:
            filing.store_document(an_order("L" * 20), lambda: announced.append("sent"))
        assert again.value.phase is Phase.SEND
        assert (announced, len(peer.documents)) == ([], 1)

    def test_a_status_spelled_otherwise_has_not_moved(
        self, peer: Peer, filing: DicomFiling
    ) -> None:
        peer.studies[0].StudyStatusID = "READY FOR SCAN"
        peer.status_after_store = "READYFORSCAN"
        assert filing.store_document(an_order()).kind is AnswerKind.LANDED

    def test_a_status_that_cannot_be_read_afterwards_is_uncertain(
        self, peer: Peer, filing: DicomFiling
    ) -> None:
        def breaks() -> None:
            peer.find_status = 0xC000

        with pytest.raises(StatusUnread):
            filing.store_document(an_order(), breaks)
        assert len(peer.documents) == 1

    def test_a_station_that_hides_the_status_gets_nothing(
        self, peer: Peer, station: DicomStation, documents: DicomDocuments, filing: DicomFiling
    ) -> None:
        del peer.studies[0].StudyStatusID
        with pytest.raises(Rejected, match="0032,000A"):
            filing.store_document(an_order())
        assert peer.noted["store"] == 0
        daring = DicomFiling(station, documents, SAO_PAULO, FilingSettings(status_required=False))
        assert daring.store_document(an_order()).kind is AnswerKind.LANDED

    def test_a_document_without_its_study_is_not_sent(
        self, peer: Peer, filing: DicomFiling
    ) -> None:
        with pytest.raises(Rejected, match="accession number"):
            filing.store_document(an_order(accession=AccessionNumber("A404")))
        assert peer.noted["store"] == 0

    def test_where_patient_documents_stand_must_be_decided(
        self, peer: Peer, station: DicomStation, documents: DicomDocuments, filing: DicomFiling
    ) -> None:
        order = an_order(section=Section.PATIENT_DOCS, document_type="PATIENT REGISTRATION FORM")
        with pytest.raises(PatientLevelUndecided):
            filing.store_document(order)
        assert peer.noted["store"] == 0

        for choice in (PatientLevelStudy.VISIT, PatientLevelStudy.OWN):
            settings = FilingSettings(patient_level=choice)
            DicomFiling(station, documents, SAO_PAULO, settings).store_document(order)
            (stored,) = peer.documents
            assert section_of(stored) is Section.PATIENT_DOCS
            assert (stored.StudyInstanceUID == "1.2.3.1") is (choice is PatientLevelStudy.VISIT)

    def test_a_withdrawal_is_not_for_this_route(self, filing: DicomFiling) -> None:
        with pytest.raises(CannotWithdraw):
            filing.store_document(an_order(intent=Intent.WITHDRAW_DOCUMENT))

    def test_it_is_announced_once_the_status_is_known_and_the_line_stands(
        self, peer: Peer, filing: DicomFiling
    ) -> None:
        seen: list[tuple[int, int]] = []
        filing.store_document(
            an_order(), lambda: seen.append((peer.noted["find"], peer.noted["store"]))
        )
        assert seen == [(1, 0)]


class TestForDelivery:
    def test_documents_are_read_back_side_by_side(self, peer: Peer) -> None:
        peer.documents += [a_document(n) for n in range(3)]

        async def look(station: DicomStation) -> list[int]:
            reader = DicomReader(DicomDocuments(station, SAO_PAULO))
            looks = await asyncio.gather(*(reader.documents_of(JOANA, VISIT) for _ in range(6)))
            contents = await reader.contents(looks[0])
            assert set(contents.values()) == {PDF}
            return [len(seen) for seen in looks]

        with DicomStation(peer.wire(), per_service=4) as station:
            assert asyncio.run(look(station)) == [3] * 6
        assert peer.noted["associations"] <= 5

    def test_patient_documents_are_told_from_those_of_a_study(self, peer: Peer) -> None:
        patient_level = a_document(2)
        patient_level.ConceptNameCodeSequence[0].CodeMeaning = "Patient Level"
        peer.documents += [a_document(1), patient_level]
        with DicomStation(peer.wire()) as station:
            reader = DicomReader(DicomDocuments(station, SAO_PAULO))
            seen = asyncio.run(reader.documents_of(JOANA, None))
        assert [s.section for s in seen] == [Section.PATIENT_DOCS]

    def test_a_list_cut_short_proves_no_absence(self, peer: Peer) -> None:
        peer.documents += [a_document(n) for n in range(3)]
        with DicomStation(peer.wire(find_limit=3)) as station:
            reader = DicomReader(DicomDocuments(station, SAO_PAULO))
            with pytest.raises(CutShort, match="find_limit"):
                asyncio.run(reader.documents_of(JOANA, VISIT))

    def test_what_is_awaited_before_sending_runs_in_the_callers_loop(self, peer: Peer) -> None:
        loops: list[bool] = []

        async def file(writer: DicomWriter) -> AnswerKind:
            loop = asyncio.get_running_loop()

            async def before_send() -> None:
                loops.append(asyncio.get_running_loop() is loop)
                assert peer.noted["store"] == 0

            answer = await writer.file(an_order(), writer.wrap(an_order()), before_send)
            return answer.kind

        with DicomStation(peer.wire()) as station:
            reader = DicomDocuments(station, SAO_PAULO)
            writer = DicomWriter(DicomFiling(station, reader, SAO_PAULO), links=4)
            assert asyncio.run(file(writer)) is AnswerKind.LANDED
        assert loops == [True]
        assert writer.link_of(JOANA) == writer.link_of(JOANA)

    def test_records_say_nothing_of_patients(self, peer: Peer, documents: DicomDocuments) -> None:
        peer.documents.append(a_document())
        found = documents.documents_of(JOANA, VISIT)
        state = documents.study_state(JOANA, VISIT)
        fetched = documents.fetch_many(found.documents)
        said = repr([found, state, fetched, fetched.documents, found.documents])
        for secret in ("P1", "A1", "Joana", "Conceição", "Questionário"):
            assert secret not in said
