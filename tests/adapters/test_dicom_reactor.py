"""Answers belong to whoever asked: pynetdicom's idle loop takes none of them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pynetdicom.association import Association

from accord.adapters import dicom_association
from accord.adapters.dicom_association import Line, Service
from tests.adapters.dicom_peer import Peer, serving

PASSES_S = 0.1  # the idle loop looks every millisecond or so


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the idle loop took off a queue, in the order in which it did."""
    seen: list[object] = []

    def remember(_association: Association, message: Any, _context: int) -> None:
        seen.append(message)

    monkeypatch.setattr(Association, "_serve_request", remember)
    return seen


@pytest.fixture
def open_line() -> Iterator[Callable[[], Line]]:
    with serving(Peer()) as peer:
        opened: list[Line] = []

        def open_one() -> Line:
            opened.append(Line(peer.wire(), Service.QUERY))
            return opened[-1]

        yield open_one
        for line in opened:
            line.close()


def leave_an_answer(line: Line) -> object:
    answer = object()
    line.association.dimse.msg_queue.put((1, answer))  # type: ignore[arg-type]
    time.sleep(PASSES_S)
    return answer


def test_the_idle_loop_leaves_answers_alone(
    open_line: Callable[[], Line], taken: list[object]
) -> None:
    """A row that arrives while the loop is still awake waits for the thread that asked."""
    line = open_line()

    answer = leave_an_answer(line)

    assert taken == []
    assert line.association.dimse.get_msg(block=True) == (1, answer)


def test_without_the_guard_the_idle_loop_takes_them(
    open_line: Callable[[], Line], taken: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_association, "keep_answers_from_the_reactor", lambda _: None)
    line = open_line()

    answer = leave_an_answer(line)

    assert taken == [answer]
