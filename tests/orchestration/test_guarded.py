"""What nobody foresaw: only its kind and its place leave a task."""

import json
import pickle
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from prefect import Task
from pydantic import BaseModel, ConfigDict, ValidationError

import tasks
from accord.adapters.errors import Phase, Unavailable
from accord.domain.base import Record
from tasks.guarded import Unforeseen, guarded
from tasks.policies import PATIENT

NAME = "Quastenflosser"


class Named(Record):
    """A record of ours: silent about its values, in its errors' texts."""

    number: int


def _pydantic() -> None:
    Named.model_validate({"number": NAME})


def _json() -> None:
    json.loads(f'{{"name": "{NAME}"')


def _charset() -> None:
    NAME.replace("a", "ł").encode("ascii")


def _key() -> None:
    dict[str, int]()[NAME]


@pytest.mark.parametrize("step", [_pydantic, _json, _charset, _key])
def test_anothers_exception_carries_the_patient_and_is_not_let_out(
    step: Callable[[], None],
) -> None:
    """Without the guard its pickle holds the name; with it neither pickle nor text does."""
    with pytest.raises(Exception) as carried:
        step()
    with pytest.raises(Unforeseen) as told:
        guarded(step)()

    assert NAME[-6:].encode() in pickle.dumps(carried.value)
    assert NAME[-6:].encode() not in pickle.dumps(told.value)
    assert NAME[-6:] not in str(told.value)
    assert told.value.kind == type(carried.value).__name__
    assert "tests/orchestration/test_guarded.py:" in told.value.where


def test_the_text_hides_what_the_pickle_holds() -> None:
    """The trap itself: `hide_input_in_errors` is about the text alone."""
    hidden = pickle.loads(pickle.dumps(_error_of(Named)))
    assert isinstance(hidden, ValidationError)
    assert NAME not in str(hidden)
    assert hidden.errors()[0]["input"] == NAME


def _error_of(model: type[BaseModel]) -> ValidationError:
    assert model.model_config == ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    try:
        model.model_validate({"number": NAME})
    except ValidationError as error:
        return error
    raise AssertionError("it is no number")


def test_our_own_exceptions_pass_as_they_are() -> None:
    """They name field, phase and fix, and the retry policy knows them."""

    def step() -> None:
        raise Unavailable("check `hl7.port`", Phase.CONNECT)

    with pytest.raises(Unavailable, match="check"):
        guarded(step)()


def test_it_survives_pickling() -> None:
    """Prefect pickles the exceptions of failed runs."""
    copy = pickle.loads(pickle.dumps(Unforeseen("KeyError", "accord/x.py:1")))
    assert (copy.kind, copy.where) == ("KeyError", "accord/x.py:1")


def _patient_tasks() -> list[Task[Any, Any]]:
    modules = [import_module(f"tasks.{each.name}") for each in pkgutil.iter_modules(tasks.__path__)]
    found = {id(v): v for module in modules for v in vars(module).values() if isinstance(v, Task)}
    return [t for t in found.values() if t.retry_condition_fn is PATIENT["retry_condition_fn"]]


def test_every_task_that_touches_patients_is_guarded() -> None:
    """A new task that forgets it is noticed."""
    assert len(_patient_tasks()) >= 7
    for task in _patient_tasks():
        assert task.fn.__code__.co_filename.endswith("tasks/guarded.py"), task.name
        assert task.persist_result is False
