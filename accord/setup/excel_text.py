"""Tables as Excel in Portuguese saves them: any of three separators, two encodings, all text."""

import csv
import io

import pandas as pd


def decoded(content: bytes) -> str:
    """
    Read UTF-8 with or without a mark, or Windows-1252.

    Raises:
        ValueError: neither.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor Windows-1252: save it as CSV again")


def table_of(text: str) -> pd.DataFrame:
    """
    Read `;`, `,` or tabs; every cell is text, and an empty one is ''.

    Raises:
        ValueError: no table.
    """
    heading = text.partition("\n")[0]
    separator = max(";,\t", key=heading.count)
    try:
        return pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False,
            skip_blank_lines=False, quoting=csv.QUOTE_MINIMAL,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        raise ValueError("no table: one heading line, then one line for each entry") from None
