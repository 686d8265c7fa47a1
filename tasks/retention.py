"""What is over and old keeps only what a rerun needs."""

from prefect import task

from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT


@task(name="retire effects", **PATIENT)
@guarded
def retire_effects(organization: str) -> int:
    """
    Turn the ledger's old effects into tombstones, as long as the site keeps them; give how many.

    What waits for a person stays whole, however old it is.
    """
    with desk_of(organization) as desk:
        return desk.ledger.retire(desk.now() - desk.file.site.retention.ledger)
