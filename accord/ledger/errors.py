"""
What the ledger refuses, named by what the caller does next.

    LedgerRefusal
     |- LateWorker          another worker has it now: stop, touch nothing
     |- SwitchedOff         somebody set the mode to `watch`: nothing may leave
     |- IllegalMove         not one of the legal moves: look at the effect again
     |- UnknownEffect       no such key
     |- UnknownTask         no such human task
     |- WatermarkRefused    items are missing from the ledger, or it would go backwards
     |- PlanRefused         this plan may not be decided, or not so
     |- LedgerNotCurrent    the database and the code are of different versions
     |- LedgerOfAnotherKey  another site's: two keys would break its audit trail for both
     `- AuditBroken         an entry of the audit trail was changed, removed or moved

All survive pickling, and none holds patient data.
"""


class LedgerRefusal(Exception):
    """The ledger refused; one of those below is raised, never this."""


class LateWorker(LedgerRefusal):
    """The lease is over or the effect has another worker: this one stops and touches nothing."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"effect {self.key} is no longer this worker's: its lease is over or was taken over"


class SwitchedOff(LedgerRefusal):
    """The mode is `watch`: nothing leaves. The effect has gone back to `planned`."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"effect {self.key} was not sent: the mode of its process is `watch`"


class IllegalMove(LedgerRefusal):
    """The effect cannot go from where it is to where it was told to go."""

    def __init__(self, key: str, before: str, after: str, why: str = "") -> None:
        super().__init__(key, before, after, why)
        self.key, self.before, self.after, self.why = key, before, after, why

    def __str__(self) -> str:
        because = f": {self.why}" if self.why else ""
        return f"effect {self.key} cannot go from `{self.before}` to `{self.after}`{because}"


class UnknownEffect(LedgerRefusal):
    """No effect has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return (
            f"the ledger has no effect {self.key}: copy the key from the report, and see that it "
            "is of this organization"
        )


class UnknownTask(LedgerRefusal):
    """No human task has this id."""

    def __init__(self, task: str) -> None:
        super().__init__(task)
        self.task = task

    def __str__(self) -> str:
        return (
            f"the ledger has no human task {self.task}: copy it from the report, and see that it "
            "is of this organization; an effect's key is for done-by-hand"
        )


class WatermarkRefused(LedgerRefusal):
    """The watermark stays: `missing` are the sources without a row (none: it would go back)."""

    def __init__(self, name: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(name, missing)
        self.name, self.missing = name, missing

    def __str__(self) -> str:
        if not self.missing:
            return f"watermark {self.name} would go backwards"
        return f"watermark {self.name} stays: {len(self.missing)} item(s) have no ledger row"


class PlanRefused(LedgerRefusal):
    """A plan cannot be decided: unknown, expired, another one than was shown, or decided."""

    def __init__(self, plan: str, why: str) -> None:
        super().__init__(plan, why)
        self.plan, self.why = plan, why

    def __str__(self) -> str:
        return f"plan {self.plan}: {self.why}"


class LedgerNotCurrent(LedgerRefusal):
    """The database is older or newer than the code; the text says what to do."""


class LedgerOfAnotherKey(LedgerRefusal):
    """The audit trail was begun with another site key: an organization under that key has it."""

    def __str__(self) -> str:
        return (
            "the ledger at this URL was begun with another site key: give this organization a "
            "database of its own (ACCORD_<SLUG>_LEDGER_URL or ACCORD_<SLUG>_PRIVATE_DIRECTORY). If "
            "it is its own, the key is wrong or the first entry of its audit trail was changed"
        )


class AuditBroken(LedgerRefusal):
    """The audit trail is not what was written; `seq` is the first entry that does not fit."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(seq, why)
        self.seq, self.why = seq, why

    def __str__(self) -> str:
        return f"audit entry {self.seq}: {self.why}"
