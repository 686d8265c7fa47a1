"""Reading many submissions at once, so that one in trouble stops no other."""

from collections.abc import Sequence
from dataclasses import dataclass

from accord.adapters.errors import Phase, Unavailable
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_together import together
from accord.adapters.omegaai_contained import contained
from accord.adapters.omegaai_neighbours import NeighbourReader
from accord.adapters.omegaai_questionnaires import QuestionnaireReader
from accord.adapters.omegaai_submissions import SubmissionReader
from accord.adapters.omegaai_versions import UNKNOWN_VERSION, Version, read_versions, ref_of
from accord.domain.forms import (
    Submission,
    SubmissionRef,
    SubmissionSource,
    Unreadable,
    UnreadableReason,
)
from accord.domain.organizations import Organization
from accord.domain.wires import OmegaAIWire

Read = Submission | Unreadable

AN_OUTAGE = 5
"""So many forms of one kind, all failing and none read, are no matter of single forms."""

_MAY_BE_EVERYBODYS = frozenset(
    {UnreadableReason.FAILS, UnreadableReason.MALFORMED, UnreadableReason.REFUSED}
)


@dataclass(frozen=True)
class BulkReader:
    """Reads submissions with what they rest on, for one organization."""

    wire: OmegaAIWire
    organization: Organization
    client: FhirReader

    async def read(self, refs: Sequence[SubmissionRef]) -> list[Read]:
        """
        Read submissions in the order of `refs`; what cannot be read is Unreadable.

        What a submission needs for itself (its version, its attachment, its template's history)
        may fail; it is then asked for once more, from the search for the submission on. If only
        that read fails again, the trouble is the submission's, and the reason says which.

        Raises:
            PeerError: the trouble is OmegaAI's: there is no connection or no token, a search for
                many fails, or all of at least AN_OUTAGE submissions of one kind fail.
        """
        read = await self._once(refs)
        doubtful = [ref for ref, each in zip(refs, read, strict=True) if _is_doubtful(each)]
        if doubtful:
            again = dict(zip(doubtful, await self._once(doubtful), strict=True))
            read = [again.get(ref, each) for ref, each in zip(refs, read, strict=True)]
            _refuse_an_outage(refs, read)
        return read

    async def _once(self, refs: Sequence[SubmissionRef]) -> list[Read]:
        found = await read_versions(self.client, refs)
        standing = {ref: each.resource for ref, each in found.items()}
        good = {ref: each for ref, each in standing.items() if isinstance(each, dict)}
        around = NeighbourReader(self.client)
        questionnaires = QuestionnaireReader(self.client)
        if any(ref.source is SubmissionSource.RESPONSE for ref in good):
            await questionnaires.prepare()
        reader = SubmissionReader(
            wire=self.wire,
            organization=self.organization,
            neighbours=await around.around(good.values()),
            around=around,
            questionnaires=questionnaires,
        )
        return await together(_read(reader, ref, found[ref]) for ref in refs)


def _is_doubtful(read: Read) -> bool:
    return isinstance(read, Unreadable) and read.reason in _MAY_BE_EVERYBODYS


def _refuse_an_outage(refs: Sequence[SubmissionRef], read: Sequence[Read]) -> None:
    for source in SubmissionSource:
        ends = [each for ref, each in zip(refs, read, strict=True) if ref.source is source]
        if len(ends) >= AN_OUTAGE and all(_fails(each) for each in ends):
            raise Unavailable(
                f"GET for each {source.value}: all fail, while searches are answered; see "
                f"whether OmegaAI gives attachments and single resources",
                Phase.PROCESS,
            )


def _fails(read: Read) -> bool:
    return isinstance(read, Unreadable) and read.reason is UnreadableReason.FAILS


async def _read(reader: SubmissionReader, ref: SubmissionRef, version: Version) -> Read:
    resource = version.resource
    if isinstance(resource, UnreadableReason):
        return Unreadable(source=ref.source, reason=resource, ref=ref)
    if ref.version == UNKNOWN_VERSION:
        ref = ref_of(ref.source, resource)
    read = await contained(reader.submission(ref, resource, version.newer))
    if isinstance(read, UnreadableReason):
        return Unreadable(source=ref.source, reason=read, ref=ref)
    return read
