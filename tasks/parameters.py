"""What people may type into a run's form: Prefect refuses the rest before it stores anything."""

from typing import Annotated

from pydantic import Field

from accord.domain.resources import SLUG

Organization = Annotated[str, Field(pattern=SLUG)]
"""An organization's slug."""

Key = Annotated[str, Field(pattern=r"^[A-Z2-7]{20}$")]
"""An effect's key, as reports show it; a patient's name or number is none."""

Who = Annotated[str, Field(pattern=r"\S.*\S", max_length=80)]
"""Who decides or did it: a name, not blank."""

Why = Annotated[str, Field(pattern=r"\S.*\S", max_length=200)]
"""The reason: a few words, not blank."""

RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""Id of a flow run."""
