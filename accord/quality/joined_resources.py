"""The rules on two sides' resources once they are matched, before any difference is told."""

import pandas as pd

from accord.quality.rules import Check, Rule, Suite, is_true, one_of, unique

DTYPES = {
    "match": "str",
    "sides": "str",
    "same_facility": "bool",
    "same_name": "bool",
    "can_be_found": "bool",
}
"""The columns that the suite reads, also of a frame without rows."""

BOTH = "both"


def joined_facts(rows: pd.DataFrame) -> pd.DataFrame:
    """
    Tell what the gate judges matched rows by, one row for each of them.

    Args:
        rows: a full outer match with an indicator, as `accord.setup.parity.join` makes it.
    """
    frame = pd.DataFrame(
        {
            "match": rows["match"],
            "sides": rows["_merge"].astype("str"),
            "same_facility": _alike(rows, "facility"),
            "same_name": _alike(rows, "name"),
            "can_be_found": _is_told(rows, "ps", "left_only") & _is_told(rows, "oai", "right_only"),
        }
    ).astype(DTYPES)
    frame.index = pd.Index([f"row {number}" for number in range(len(frame))], dtype="object")
    return frame


def _alike(rows: pd.DataFrame, column: str) -> pd.Series:
    """Say where both sides' texts are the same but for case and spaces."""
    tidy = [
        rows[f"{column}_{side}"].astype("str").str.split().str.join(" ").str.casefold()
        for side in ("ps", "oai")
    ]
    return tidy[0] == tidy[1]


def _is_told(rows: pd.DataFrame, side: str, only: str) -> pd.Series:
    """Say where a side that has the row also says where a person finds it."""
    has_it = rows["_merge"].isin([only, BOTH])
    source = rows[f"source_{side}"].astype("string").fillna("")
    return ~has_it | (source != "")


_PT = "É um erro do Accord: nada foi comparado. Avise quem mantém o Accord."
_EN = "This is Accord's own mistake: nothing was compared. Tell Accord's maintainers."


def _rule(name: str, check: Check, pt: str, en: str) -> Rule:
    return Rule(name, check, pt, en, _PT, _EN, releasable=False)


JOINED = Suite(
    "resources of both sides, matched",
    (
        _rule(
            "matched-once",
            unique("match"),
            "Cada recurso é comparado uma vez.",
            "Each resource is compared once.",
        ),
        _rule(
            "sides-known",
            one_of("sides", BOTH, "left_only", "right_only"),
            "De cada linha se sabe em que sistema ela está.",
            "Of each row it is known which system has it.",
        ),
        _rule(
            "same-facility",
            is_true("same_facility").only_where("sides", BOTH),
            "Só se comparam recursos da mesma unidade.",
            "Only resources of the same facility are compared.",
        ),
        _rule(
            "same-name",
            is_true("same_name").only_where("sides", BOTH),
            "Só se comparam recursos do mesmo nome.",
            "Only resources of the same name are compared.",
        ),
        _rule(
            "can-be-found",
            is_true("can_be_found"),
            "De cada linha se diz onde uma pessoa a encontra.",
            "Of each row it is said where a person finds it.",
        ),
    ),
)
"""One broken rule stops the comparison: a wrong match would send people to mend what is right."""
