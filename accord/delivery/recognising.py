"""Looking before sending: what the vendor has delivered by itself is already there."""

from datetime import timedelta

WATCHED_FOR = timedelta(days=1)
"""In watch mode a form that is missing is looked for again this long."""
