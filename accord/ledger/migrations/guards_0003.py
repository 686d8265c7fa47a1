"""
What changes in the guards of 0001: whom an effect is about, and its bytes, before it is sent.

Frozen with migration 0003. A form that waits may turn out to be another patient's, since somebody
mended the issuer map or the patient's number; and what a peer refused is made anew, with other
bytes, when a person has it tried again.
"""

from accord.ledger.migrations.guards_0001 import _EFFECT_RULES, _FIXED, _FIXED_CHANGED, _function

_NEVER_SENT = (
    "(OLD.subject = 'unknown' OR (OLD.state IN ('planned', 'held') AND"
    " (OLD.attempts = 0 OR (OLD.digest = '' AND OLD.intent <> 'withdraw document'))))"
)
_FIXED_NOW = _FIXED_CHANGED.replace("NOT (OLD.subject = 'unknown')", f"NOT {_NEVER_SENT}")
_BYTES_NOW = (
    "NEW.digest <> OLD.digest AND OLD.digest <> '' AND OLD.attempts > 0"
    " AND NOT (OLD.state = 'rejected' AND NEW.state = 'planned' AND NEW.digest = '')"
)
assert _FIXED_NOW.count(_NEVER_SENT) == 2, "subject and barrier, and nothing else"
assert {"subject", "barrier"} <= set(_FIXED)

_CHANGED = {"fixed": _FIXED_NOW, "bytes": _BYTES_NOW}


def _sqlite() -> list[str]:
    out = []
    for name, verb, _, says in _EFFECT_RULES:
        if name in _CHANGED:
            out.append(f"DROP TRIGGER effect_{name}")
            out.append(
                f"CREATE TRIGGER effect_{name} BEFORE {verb} ON effect WHEN {_CHANGED[name]}"
                f" BEGIN SELECT RAISE(ABORT, 'effect: {says}'); END"
            )
    return out


def _postgres() -> list[str]:
    checks = "".join(
        f"IF {_CHANGED.get(name, condition)} THEN RAISE EXCEPTION 'effect: {says}'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        for name, verb, condition, says in _EFFECT_RULES
        if verb == "UPDATE"
    )
    function = _function("effect_guard_update", f"{checks} RETURN NEW;")
    return [function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)]


SQLITE = tuple(_sqlite())
POSTGRES = tuple(_postgres())
