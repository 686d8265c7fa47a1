"""Making a parity certificate of a comparison in which all agreed."""

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import pandas as pd

from accord.domain.certificates import (
    Accepted,
    ApprovedPlan,
    AttestedWord,
    Certificate,
    CollectionSeen,
)
from accord.domain.identifiers import Digest
from accord.domain.organizations import Organization
from accord.domain.parity import Agreement
from accord.ledger.approvals import Decision, PlanRow
from accord.ledger.humantasks import TaskRow, TaskState
from accord.setup.comparing import Parity

COMPARED = ("facility", "name", "modalities", "hours", "minutes", "overbooking", "active")


class NotAlike(Exception):
    """The two systems do not agree, or not all could be compared: there is nothing to certify."""

    def __init__(self, agreement: Agreement, findings: int, skipped: int) -> None:
        super().__init__(agreement, findings, skipped)
        self.agreement, self.findings, self.skipped = agreement, findings, skipped

    def __str__(self) -> str:
        return (
            f"nothing to certify: {self.findings} differences, {self.skipped} not compared; see "
            "the cards of sync-facilities-and-resources"
        )


class Evidence(NamedTuple):
    """What a certificate rests on beside the comparison's own verdict."""

    sides: Mapping[str, pd.DataFrame]
    """What each side showed, by its name."""
    tasks: Iterable[TaskRow]
    plans: Iterable[PlanRow]


def certify(
    organization: Organization,
    parity: Parity,
    evidence: Evidence,
    *,
    tool: str,
    now: datetime,
) -> Certificate:
    """
    Say what was seen; only where both sides are alike and nothing was left out.

    Raises:
        NotAlike: says how many differences there are, and how much was not compared.
    """
    if parity.agreement is not Agreement.ALIKE:
        raise NotAlike(parity.agreement, len(parity.weighed.left), parity.skipped)
    tasks = list(evidence.tasks)
    return Certificate(
        organization=organization.slug,
        name=organization.name,
        issued_at=now,
        tool=tool,
        collections=tuple(
            CollectionSeen(name="resources", side=name, count=len(side), digest=digest_of(side))
            for name, side in evidence.sides.items()
        ),
        accepted=tuple(_accepted(row) for row in parity.weighed.excused.to_dict("records")),
        attested=tuple(
            AttestedWord(task=t.id, kind=t.kind, who=t.attested_by, at=t.attested_at)
            for t in tasks
            if t.state is TaskState.ATTESTED and t.attested_at is not None
        ),
        observed=sum(task.state is TaskState.OBSERVED for task in tasks),
        approved=tuple(
            ApprovedPlan(plan=p.id, digest=p.digest, who=p.decided_by, at=p.decided_at)
            for p in evidence.plans
            if p.decision is Decision.APPROVED and p.decided_at is not None
        ),
    )


def digest_of(side: pd.DataFrame) -> Digest:
    """Digest a side's rows in what is compared; their order and where they stand do not count."""
    rows = sorted(
        "\x1f".join(
            str(value).casefold() if name == "facility" else ("" if pd.isna(value) else str(value))
            for name, value in zip(COMPARED, row, strict=True)
        )
        for row in side[list(COMPARED)].itertuples(index=False, name=None)
    )
    return Digest(sha256("\x1e".join(rows).encode()).hexdigest())


def _accepted(row: Mapping[Hashable, object]) -> Accepted:
    return Accepted.model_validate(
        {
            "facility": str(row["facility"]),
            "resource": str(row["name"]),
            "finding": str(row["finding"]),
            "reason": str(row["reason"]),
            "until": row["until"],
        }
    )
