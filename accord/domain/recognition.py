"""
Recognising the vendor's own copies among what PowerServer shows.

The vendor's synchronisation files forms too, under its own UID, title and time. What it delivered
is there and is never doubled; what cannot be told apart is for a person.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from accord.domain.base import Record
from accord.domain.documents import DocumentSeen
from accord.domain.effects import Rung
from accord.domain.forms import Section
from accord.domain.identifiers import AccessionNumber, Digest, EffectKey, Uid
from accord.domain.people import PatientId
from accord.domain.relay import Recognition


class Wanted(Record):
    """One form that should be at PowerServer."""

    key: EffectKey
    patient: PatientId
    section: Section
    document_type: str
    accession: AccessionNumber | None = None
    submitted_at: datetime
    """Aware."""
    digest: Digest | None = None
    """Of a PDF form's own bytes. None: rendered, so that the vendor's bytes differ from ours."""

    def __str__(self) -> str:
        return f"Wanted({self.key})"

    __repr__ = __str__


class Shown(Record):
    """One document that PowerServer shows, with the digest of its bytes where they were read."""

    document: DocumentSeen
    digest: Digest | None = None


class Recognised(Record):
    """Whether one form is there, as which document, and how surely."""

    found: Recognition
    sop_uid: Uid | None = None
    rung: Rung | None = None


ABSENT = Recognised(found=Recognition.ABSENT)
AMBIGUOUS = Recognised(found=Recognition.AMBIGUOUS)


class _Match(IntEnum):
    """How one trait agrees; a pair is as good as its worst trait."""

    NO = 0
    UNSAID = 1  # PowerServer does not say
    YES = 2


def recognise(
    wanted: Sequence[Wanted],
    shown: Sequence[Shown],
    *,
    ours: Collection[Digest],
    our_uids: Collection[Uid] = (),
    tolerance: timedelta,
) -> dict[EffectKey, Recognised]:
    """
    Tell of each wanted form whether the vendor already delivered it.

    A PDF form is known by its bytes, a rendered one by patient, issuer, section, type, accession
    and time. A form is there only if exactly one document may be it and that document may be no
    other form. Where two may, or where PowerServer says too little, the form is ambiguous: it is
    neither sent nor counted as there. The order of the arguments does not matter.

    Args:
        wanted: the forms of one sweep; keys are unique.
        shown: the documents, each once.
        ours: digests of the documents that we sent ourselves, one for each; they are set aside.
        our_uids: SOP Instance UIDs of those of them that were read back: set aside for certain.
        tolerance: between a rendered form's submission and its copy's time, either way.

    Source: docs/sources.md#vendor-copies
    """
    judge = _Judge(wanted, shown, ours, frozenset(our_uids), tolerance)
    pairs = {item.key: judge.candidates(item) for item in wanted}
    claims = Counter(
        at for candidates in pairs.values() for at, how in candidates.items() if how is _Match.YES
    )
    there: dict[EffectKey, int] = {}
    for key, candidates in pairs.items():
        sure = [at for at, how in candidates.items() if how is _Match.YES]
        if len(sure) == 1 and claims[sure[0]] == 1:
            there[key] = sure[0]
    taken = set(there.values())
    return {
        item.key: _as_found(item, shown[there[item.key]])
        if item.key in there
        else (AMBIGUOUS if pairs[item.key].keys() - taken else ABSENT)
        for item in wanted
    }


def _as_found(item: Wanted, shown: Shown) -> Recognised:
    rung = Rung.PRESENT if item.digest is None else Rung.BYTES
    return Recognised(found=Recognition.THERE, sop_uid=shown.document.sop_uid, rung=rung)


class _Judge:
    """Compares forms with the documents of the same patient's number."""

    def __init__(
        self,
        wanted: Sequence[Wanted],
        shown: Sequence[Shown],
        ours: Collection[Digest],
        our_uids: Collection[Uid],
        tolerance: timedelta,
    ) -> None:
        self._shown, self._tolerance = shown, tolerance
        set_aside = [s for s in shown if s.document.sop_uid in our_uids]
        self._known = frozenset(ours) | {item.digest for item in wanted if item.digest}
        self._ours_left = Counter(ours) - Counter(s.digest for s in set_aside if s.digest)
        self._copies = Counter(s.digest for s in shown if s.digest)
        self._copies.subtract(s.digest for s in set_aside if s.digest)
        self._by_number: dict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(shown):
            if one.document.sop_uid not in our_uids:
                self._by_number[one.document.patient.number.strip()].append(at)

    def candidates(self, item: Wanted) -> dict[int, _Match]:
        """Give the positions of the documents that may be this form, and how surely."""
        matches = {
            at: self._match(item, self._shown[at])
            for at in self._by_number.get(item.patient.number.strip(), ())
        }
        return {at: how for at, how in matches.items() if how is not _Match.NO}

    def _match(self, item: Wanted, shown: Shown) -> _Match:
        seen = shown.document
        issuer = _same(item.patient.issuer, seen.patient.issuer)
        place = min(_section(item, seen), _accession(item, seen))
        if item.digest is not None and shown.digest is not None:
            # the very bytes in another place: another form's copy, or this one's misfiled
            elsewhere = _Match.UNSAID if place is _Match.NO else _Match.YES
            return min(issuer, elsewhere, self._by_bytes(item.digest, shown.digest))
        traits = (
            self._by_time(item.submitted_at, seen.at),
            _same(item.document_type, seen.document_type),
            _Match.UNSAID if item.digest else self._may_be_rendered(shown.digest),
        )
        return min(issuer, place, *traits)

    def _by_bytes(self, wanted: Digest, shown: Digest) -> _Match:
        """Compare bytes; where some of the equal copies are ours, nobody can say which."""
        if wanted != shown:
            return _Match.NO
        ours = self._ours_left[shown]
        if self._copies[shown] <= ours:
            return _Match.NO
        return _Match.UNSAID if ours else _Match.YES

    def _may_be_rendered(self, shown: Digest | None) -> _Match:
        """A rendered form is none of what we sent, nor one of the PDF forms."""
        if shown is None:
            return _Match.UNSAID if self._known else _Match.YES
        return _Match.NO if shown in self._known else _Match.YES

    def _by_time(self, submitted_at: datetime, at: datetime | None) -> _Match:
        if at is None:
            return _Match.UNSAID
        return _Match.YES if abs(at - submitted_at) <= self._tolerance else _Match.NO


def _section(item: Wanted, seen: DocumentSeen) -> _Match:
    if seen.section is None:
        return _Match.UNSAID
    return _Match.YES if seen.section is item.section else _Match.NO


def _accession(item: Wanted, seen: DocumentSeen) -> _Match:
    """Compare accessions of study-level documents; the patient's own name none."""
    if item.section is Section.PATIENT_DOCS:
        return _Match.YES
    return _same(item.accession or "", seen.accession or "")


def _same(wanted: str, seen: str) -> _Match:
    """Compare two words without case and outer spaces; nothing said is no difference."""
    if not seen.strip():
        return _Match.UNSAID
    return _Match.YES if wanted.strip().casefold() == seen.strip().casefold() else _Match.NO
