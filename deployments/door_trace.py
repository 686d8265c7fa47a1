"""`accord trace ID`: where is it? By key, form, patient, accession number or document."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from accord.adapters.errors import PeerError
from accord.domain.effects import FINISHED
from accord.domain.forms import Submission, SubmissionRef, SubmissionSource
from accord.domain.identifiers import Issuer, PatientNumber
from accord.domain.people import PatientId
from accord.ledger.audit import AuditEntry
from accord.ledger.records import UNKNOWN_SUBJECT, EffectRow
from deployments.door_entry import NoDoor, Visit
from deployments.door_paper import Say, table, when
from deployments.door_words import state_word, words

KEY = re.compile(r"^[A-Za-z2-7]{20}$")
DIGEST = re.compile(r"^[0-9A-Fa-f]{64}$")
UID = re.compile(r"^[0-2](\.(0|[1-9][0-9]*)){2,}$")
FORM = re.compile(r"^((?P<type>[A-Z][A-Za-z]+)/)?(?P<id>[A-Za-z0-9.-]{1,64})(/_history/.+)?$")
ACCESSION_CHARACTERS = 16
NO_ISSUER = Issuer("")
"""Under which a number stands while its issuer is unknown and its form held."""


class Kind(StrEnum):
    """What an id may be the id of."""

    KEY = "key"
    FORM = "form"
    PATIENT = "patient"
    ACCESSION = "accession"
    DOCUMENT = "document"


@dataclass
class Trail:
    """What was found, and what it touched."""

    rows: dict[str, EffectRow] = field(default_factory=dict)
    found_as: dict[Kind, int] = field(default_factory=dict)
    patients: dict[str, int] = field(default_factory=dict)
    """Opaque names of the patients who were looked for, and how many rows each had."""
    problem: PeerError | None = None
    """Why OmegaAI could not be asked for an accession number."""

    def add(self, kind: Kind, rows: Sequence[EffectRow]) -> None:
        """Take rows found in one way."""
        if rows:
            self.found_as[kind] = len(rows)
            self.rows.update({row.key: row for row in rows})

    def forget_guesses(self) -> None:
        """Leave out patients whom nobody has: the id was only tried as a patient's number."""
        self.patients = {name: count for name, count in self.patients.items() if count}


Find = Callable[[Visit, str, Trail], Awaitable[list[EffectRow]]]


async def trace(visit: Visit, wanted: str, say: Say, *, only: Kind | None = None) -> Trail:
    """
    Print where everything stands that an id may mean; `only` says what it is the id of.

    A look for a patient is in the audit trail before the first line is printed; if a patient was
    named, also when nothing was found.

    Raises:
        NoDoor: a patient's issuer that the organization does not have.
    """
    trail = Trail()
    for kind in [only] if only else _may_be(wanted):
        trail.add(kind, await _FIND[kind](visit, wanted, trail))
        if Kind.KEY in trail.found_as:
            break  # nothing else looks like a key and is one
    if only is not Kind.PATIENT and "^" not in wanted:
        trail.forget_guesses()
    _audit(visit, trail)
    for line in _told(visit, trail):
        say(line)
    return trail


def _may_be(wanted: str) -> list[Kind]:
    """Say what an id may be, by its looks alone."""
    if "^" in wanted:
        return [Kind.PATIENT]
    if "/" in wanted:
        return [Kind.FORM]
    if DIGEST.match(wanted) or UID.match(wanted):
        return [Kind.DOCUMENT]
    looks = {
        Kind.KEY: KEY.match(wanted),
        Kind.FORM: FORM.match(wanted),
        Kind.PATIENT: True,
        Kind.ACCESSION: len(wanted) <= ACCESSION_CHARACTERS,
    }
    return [kind for kind, fits in looks.items() if fits]


async def _by_key(visit: Visit, wanted: str, _: Trail) -> list[EffectRow]:
    found = visit.desk.ledger.effects([wanted.upper()])
    return [row for row in found.values() if row.organization == visit.desk.slug]


async def _by_form(visit: Visit, wanted: str, _: Trail) -> list[EffectRow]:
    parts = FORM.match(wanted)
    if parts is None:
        return []
    types = [parts["type"]] if parts["type"] else [str(source) for source in SubmissionSource]
    ledger, slug = visit.desk.ledger, visit.desk.slug
    resources = [f"{type_}/{parts['id']}" for type_ in types]
    chains = {visit.desk.chain_named(resource) for resource in resources}
    chains |= set(ledger.chains_of(slug, resources).values())  # a PDF form that replaced another
    rows = [row for chain in sorted(chains) for row in ledger.chain(slug, chain)]
    version = wanted.partition("/_history/")[2]
    return [row for row in rows if not version or row.source.endswith(f"/_history/{version}")]


async def _by_patient(visit: Visit, wanted: str, trail: Trail) -> list[EffectRow]:
    return _of_patients(visit, _patients(visit, wanted), trail)


async def _by_accession(visit: Visit, wanted: str, trail: Trail) -> list[EffectRow]:
    """Find the order's patient at OmegaAI, then those of their forms that lead to this study."""
    try:
        patients = await visit.patients_with(wanted)
        if not patients:
            return []
        nameless = [one.model_copy(update={"issuer": NO_ISSUER}) for one in patients]
        rows = _of_patients(visit, [*patients, *nameless], trail) + _of_nobody_known(visit)
        return await _leading_to(visit, rows, wanted)
    except PeerError as error:
        trail.problem = error
        return []


async def _by_document(visit: Visit, wanted: str, _: Trail) -> list[EffectRow]:
    ledger, slug = visit.desk.ledger, visit.desk.slug
    if DIGEST.match(wanted):
        return ledger.by_digest(slug, wanted.lower())
    return ledger.by_document(slug, wanted)


_FIND: dict[Kind, Find] = {
    Kind.KEY: _by_key,
    Kind.FORM: _by_form,
    Kind.PATIENT: _by_patient,
    Kind.ACCESSION: _by_accession,
    Kind.DOCUMENT: _by_document,
}


def _patients(visit: Visit, wanted: str) -> list[PatientId]:
    """Read `NUMBER^^^ISSUER`, or a number under each of the organization's issuers."""
    file = visit.desk.file
    known = {facility.issuer for facility in file.organization.facilities}
    known |= set(file.site.omegaai.issuers.values())
    number, *rest = wanted.split("^")
    issuer = rest[2].split("&")[0] if len(rest) > 2 else ""
    issuers = [each for each in sorted(known) if each.casefold() == issuer.casefold()]
    if issuer and not issuers:
        raise NoDoor(f"this organization has no such issuer; it has: {', '.join(sorted(known))}")
    return [
        PatientId(number=PatientNumber(number.strip()), issuer=Issuer(each))
        for each in issuers or [*sorted(known), NO_ISSUER]
    ]


def _of_patients(visit: Visit, patients: Sequence[PatientId], trail: Trail) -> list[EffectRow]:
    names = {visit.desk.name_of(patient) for patient in patients}
    rows = visit.desk.ledger.of_subjects(visit.desk.slug, visit.desk.process, names)
    for name in names:
        trail.patients[name] = sum(row.subject == name for row in rows)
    return rows


def _of_nobody_known(visit: Visit) -> list[EffectRow]:
    """Give what is held and nobody could tell whose it is: it may lead to the study too."""
    desk = visit.desk
    rows = desk.ledger.of_subjects(desk.slug, desk.process, [UNKNOWN_SUBJECT])
    return [row for row in rows if row.state not in FINISHED]


async def _leading_to(visit: Visit, rows: Sequence[EffectRow], accession: str) -> list[EffectRow]:
    kept = [row for row in rows if row.source]  # of a tombstone nothing can be asked
    refs = [SubmissionRef.parse(row.source, row.planned_at) for row in kept]
    found = await visit.read(refs) if refs else []
    return [
        row
        for row, one in zip(kept, found, strict=True)
        if isinstance(one, Submission) and one.accession == accession
    ]


def _audit(visit: Visit, trail: Trail) -> None:
    now = visit.desk.now()
    visit.desk.ledger.audit(
        [
            AuditEntry(
                at=now, actor=visit.who, action="trace", entity=name, outcome=f"found-{count}"
            )
            for name, count in trail.patients.items()
        ]
    )


def _told(visit: Visit, trail: Trail) -> list[str]:
    word = words(visit.locale)
    lines = []
    if trail.rows:
        ways = ", ".join(
            f"{word[f'as_{kind}']} ({count})" for kind, count in trail.found_as.items()
        )
        head = [word[n] for n in ("key", "state", "reason", "section", "facility", "rung", "when")]
        rows = [
            (
                *(row.key, state_word(row.state, visit.locale), row.reason),
                *(row.section, row.facility, row.rung),
                when(row.updated_at, visit.zone_of(row.facility)),
            )
            for row in sorted(trail.rows.values(), key=lambda row: (row.planned_at, row.position))
        ]
        lines = [f"{word['found_as']}: {ways}", "", *table(head, rows)]
    else:
        lines = [word["nothing"], *([word["hint"]] if trail.patients else [])]
    if trail.problem is not None:
        lines += ["", f"{word['unread']}: {trail.problem}"]
    return lines
