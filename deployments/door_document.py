"""Saving an effect's document from behind the door."""

import os
from hashlib import sha256
from pathlib import Path

from accord.delivery.desk import Desk
from accord.delivery.preparing import Preparer
from accord.domain.forms import Submission
from accord.ledger.records import EffectRow
from accord.rendering.renderer import FormRenderer

OWNER_ONLY = 0o600


def document_of(desk: Desk, row: EffectRow, submission: Submission | None) -> tuple[bytes, str]:
    """
    Give an effect's document, b'' where there is none, and the word for where it comes from.

    From the outbox while it waits there; else prepared again from what OmegaAI shows now, which
    is compared with what was planned.
    """
    waiting = desk.outbox.content(row.key)
    if waiting:
        return waiting, "saved_outbox"
    if submission is None:
        return b"", "no_document"
    draft = Preparer(desk, FormRenderer(desk.file.site.locale)).draft(submission)
    if not draft.content:
        return b"", "no_document"
    as_planned = sha256(draft.content).hexdigest() == row.digest
    return draft.content, "saved_again" if as_planned else "saved_other"


def write_private(path: Path, content: bytes) -> None:
    """
    Write a new file that only its owner can read.

    Raises:
        OSError: it cannot be written, or something of that name is there already.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, OWNER_ONLY)  # whatever the umask says
        file.write(content)
