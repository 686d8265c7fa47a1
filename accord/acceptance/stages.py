"""The walk as data: each step with what it sends, what it needs, and what it is about."""

from dataclasses import dataclass

from accord.domain.acceptance import Route, Step
from accord.domain.effects import Intent
from accord.domain.orders import OrderControl, ScheduleEvent
from accord.domain.statuses import Canonical

_S, _R, _I = Step, Route, Intent


@dataclass(frozen=True)
class Stage:
    """One step of the walk; what it then looks for stands in `seeing`."""

    step: Step
    route: Route
    message: str
    """Its name for people: MDM^T10, C-STORE."""
    intent: Intent
    lineage: str
    """Steps of one lineage keep their order, also in the ledger."""
    needs: Step | None = None
    """What must be seen at the peer before this step makes any sense."""
    about: Step | None = None
    """Whose document it repeats, replaces or withdraws."""
    control: OrderControl | None = None
    event: ScheduleEvent | None = None
    becomes: Canonical | None = None
    """The study's status afterwards."""

    @property
    def files(self) -> bool:
        """Whether it brings a document of its own."""
        return self.step in _FILING

    @property
    def touches_documents(self) -> bool:
        """Whether it is about documents: then no study may change by it."""
        return self.files or self.about is not None


_FILING = frozenset({_S.REGISTRATION, _S.CLINICAL, _S.REPLACEMENT, _S.MISTAKE, _S.STORED})


def _order(step: Step, control: OrderControl, intent: Intent, becomes: Canonical | None) -> Stage:
    return Stage(
        step=step,
        route=_R.ORM,
        message=f"ORM^O01 {control.value}",
        intent=intent,
        lineage="order",
        needs=None if control is OrderControl.NEW else _S.ORDER,
        control=control,
        becomes=becomes,
    )


def _schedule(step: Step, event: ScheduleEvent, intent: Intent, becomes: Canonical | None) -> Stage:
    return Stage(
        step=step,
        route=_R.SIU,
        message=f"SIU^{event.value}",
        intent=intent,
        lineage="order",
        needs=_S.ORDER,
        event=event,
        becomes=becomes,
    )


def _file(step: Step, lineage: str, needs: Step) -> Stage:
    return Stage(step, _R.T02, "MDM^T02", _I.FILE_DOCUMENT, lineage, needs)


def _withdraw(step: Step, about: Step, lineage: str) -> Stage:
    return Stage(step, _R.T11, "MDM^T11", _I.WITHDRAW_DOCUMENT, lineage, about, about)


WALK: tuple[Stage, ...] = (
    Stage(_S.PATIENT, _R.ADT, "ADT^A04", _I.REGISTER_PATIENT, "patient"),
    _order(_S.ORDER, OrderControl.NEW, _I.PLACE_ORDER, None),
    _order(_S.SCHEDULING, OrderControl.STATUS, _I.CHANGE_ORDER, Canonical.SCHEDULED_UNCONFIRMED),
    _schedule(_S.APPOINTMENT, ScheduleEvent.BOOKED, _I.BOOK_APPOINTMENT, None),
    _schedule(_S.CONFIRMATION, ScheduleEvent.CHANGED, _I.CHANGE_APPOINTMENT, Canonical.CONFIRMED),
    _file(_S.REGISTRATION, "registration", _S.PATIENT),
    _file(_S.CLINICAL, "clinical", _S.ORDER),
    Stage(
        _S.REPEAT, _R.REPEAT, "MDM^T02", _I.REPEAT_DOCUMENT, "clinical", _S.CLINICAL, _S.CLINICAL
    ),
    Stage(
        _S.REPLACEMENT, _R.T10, "MDM^T10", _I.REPLACE_DOCUMENT, "clinical", _S.CLINICAL, _S.CLINICAL
    ),
    _file(_S.MISTAKE, "mistake", _S.ORDER),
    _withdraw(_S.WITHDRAWAL, _S.MISTAKE, "mistake"),
    Stage(_S.STORED, _R.C_STORE, "C-STORE", _I.FILE_DOCUMENT, "stored", _S.ORDER),
)
"""What is tried while a person watches. Documents come last, so that a study's status is known."""

CLEAN_UP: tuple[Stage, ...] = (
    _withdraw(_S.REMOVE_REGISTRATION, _S.REGISTRATION, "registration"),
    _withdraw(_S.REMOVE_REPLACEMENT, _S.REPLACEMENT, "clinical"),
    _withdraw(_S.REMOVE_CLINICAL, _S.CLINICAL, "clinical"),
    _order(_S.CANCELLATION, OrderControl.CANCEL, _I.CANCEL_ORDER, Canonical.CANCELLED),
    _schedule(
        _S.APPOINTMENT_CANCELLED,
        ScheduleEvent.CANCELLED,
        _I.CANCEL_APPOINTMENT,
        Canonical.CANCELLED,
    ),
)
"""What follows once the person has looked: until then there must be something to look at."""

STAGES = {stage.step: stage for stage in (*WALK, *CLEAN_UP)}
