"""
What the database itself refuses, in both dialects: the same sentences, said twice.

Frozen with migration 0001; a later change is a later migration's.
"""

_FIXED = (
    *("key", "organization", "process", "intent", "subject", "chain", "position", "occasion"),
    *("parent", "barrier", "planned_at"),
)
"""What an effect is about never changes, with the exceptions below."""

_EXCEPT = {
    "occasion": "NEW.retired_at IS NOT NULL AND NEW.occasion = ''",  # emptied with the rest
    "subject": "OLD.subject = 'unknown'",  # a held form's patient may become known
    "barrier": "OLD.subject = 'unknown'",
}
_FIXED_CHANGED = " OR ".join(
    f"(NEW.{column} <> OLD.{column} AND NOT ({_EXCEPT[column]}))"
    if column in _EXCEPT
    else f"NEW.{column} <> OLD.{column}"
    for column in _FIXED
)

# (name, table, when it fires, condition under which it refuses, what it says)
_EFFECT_RULES = (
    ("begins", "INSERT", "NEW.state <> 'planned'", "an effect begins as planned"),
    (
        "once",
        "INSERT",
        "EXISTS (SELECT 1 FROM effect WHERE key = NEW.key)",
        "this key is there already",
    ),
    (
        "legal",
        "UPDATE",
        "NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM legal_move"
        " WHERE legal_move.before = OLD.state AND legal_move.after = NEW.state)",
        "not a legal move",
    ),
    ("fixed", "UPDATE", _FIXED_CHANGED, "what an effect is about never changes"),
    (
        "bytes",
        "UPDATE",
        "NEW.digest <> OLD.digest AND OLD.digest <> '' AND OLD.attempts > 0",
        "a resend is byte-equal: the digest stays once it was sent",
    ),
    (
        "token",
        "UPDATE",
        "NEW.lease_token < OLD.lease_token OR NEW.attempts < OLD.attempts",
        "fencing tokens and attempts only grow",
    ),
    (
        "absent",
        "UPDATE",
        "OLD.state = 'in doubt' AND NEW.state = 'planned' AND OLD.absent_at IS NULL",
        "only what was seen absent before is sent again",
    ),
    (
        "retire",
        "UPDATE",
        "OLD.retired_at IS NOT NULL OR (NEW.retired_at IS NOT NULL AND OLD.state NOT IN"
        " ('verified', 'unverifiable', 'done by hand', 'superseded'))",
        "only what is over is retired, and a tombstone stays as it is",
    ),
    ("stays", "DELETE", "TRUE", "effects are never deleted"),
)

_PLAN_CHANGED = (
    "NEW.id <> OLD.id OR NEW.digest <> OLD.digest OR NEW.effects{text} <> OLD.effects{text}"
    " OR NEW.expires_at <> OLD.expires_at"
    " OR (OLD.decision <> 'open' AND NEW.decision <> OLD.decision)"
)
_PLAN_SAYS = "plan: it never changes, and is decided once"

_ONLY_ADD = ("effect_move", "audit_entry", "legal_move")

_LOG = (
    "INSERT INTO effect_move (key, before, after, at, who, why, reason, token, run) VALUES"
    " (NEW.key, {before}, NEW.state, NEW.updated_at, NEW.moved_by, NEW.moved_why, NEW.reason,"
    " NEW.lease_token, NEW.run);"
)


def _sqlite() -> list[str]:
    out = []
    for name, verb, condition, says in _EFFECT_RULES:
        out.append(
            f"CREATE TRIGGER effect_{name} BEFORE {verb} ON effect WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, 'effect: {says}'); END"
        )
    out.append(
        f"CREATE TRIGGER plan_fixed BEFORE UPDATE ON plan WHEN {_PLAN_CHANGED.format(text='')}"
        f" BEGIN SELECT RAISE(ABORT, '{_PLAN_SAYS}'); END"
    )
    for table in _ONLY_ADD:
        verbs = ("INSERT", "UPDATE", "DELETE") if table == "legal_move" else ("UPDATE", "DELETE")
        for verb in verbs:
            out.append(
                f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed'); END"
            )
    for name, event, before in (
        ("birth", "INSERT ON effect", "''"),
        ("move", "UPDATE OF state ON effect WHEN NEW.state <> OLD.state", "OLD.state"),
    ):
        out.append(
            f"CREATE TRIGGER effect_log_{name} AFTER {event} BEGIN {_LOG.format(before=before)} END"
        )
    return out


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _postgres() -> list[str]:
    out = []
    for verb, gives in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        checks = "".join(
            f"IF {condition} THEN RAISE EXCEPTION 'effect: {says}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            for _, on, condition, says in _EFFECT_RULES
            if on == verb
        )
        name = f"effect_guard_{verb.lower()}"
        out.append(_function(name, f"{checks} RETURN {gives};"))
        out.append(
            f"CREATE TRIGGER {name} BEFORE {verb} ON effect FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    out.append(
        _function(
            "rows_never_change",
            "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ': rows are never changed',"
            " ERRCODE = 'integrity_constraint_violation';",
        )
    )
    out.append(
        _function(
            "plan_fixed",
            f"IF {_PLAN_CHANGED.format(text='::text')} THEN RAISE EXCEPTION '{_PLAN_SAYS}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW;",
        )
    )
    out.append(
        "CREATE TRIGGER plan_fixed BEFORE UPDATE ON plan FOR EACH ROW EXECUTE FUNCTION plan_fixed()"
    )
    for table in (*_ONLY_ADD, "effect"):
        verbs = "TRUNCATE" if table == "effect" else "UPDATE OR DELETE OR TRUNCATE"
        if table == "legal_move":
            verbs = "INSERT OR " + verbs
        out.append(
            f"CREATE TRIGGER {table}_stays BEFORE {verbs} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION rows_never_change()"
        )
    for name, event, before in (
        ("birth", "INSERT", "''"),
        ("move", "UPDATE OF state", "OLD.state"),
    ):
        when = " WHEN (NEW.state <> OLD.state)" if name == "move" else ""
        out.append(_function(f"effect_log_{name}", f"{_LOG.format(before=before)} RETURN NULL;"))
        out.append(
            f"CREATE TRIGGER effect_log_{name} AFTER {event} ON effect FOR EACH ROW{when}"
            f" EXECUTE FUNCTION effect_log_{name}()"
        )
    return out


SQLITE = tuple(_sqlite())
POSTGRES = tuple(_postgres())
