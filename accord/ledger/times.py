from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class NaiveTime(ValueError):
    """A time without its zone was about to be stored; give it one where it is read."""


class UtcDateTime(TypeDecorator[datetime]):
    """
    An aware time, kept in UTC on every database; a naive one is refused.

    SQLite drops zones silently, so there the zone is taken off on the way in and put back on
    the way out.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; bring an aware one to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime("the ledger stores aware times only")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the time back in UTC."""
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
