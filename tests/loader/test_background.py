"""Work beside the calls: one task after the other, and none behind one that failed."""

from __future__ import annotations

import threading
import time

import pytest

from loader.engine.background import Background


def test_tasks_are_done_one_after_the_other_in_another_thread() -> None:
    done: list[tuple[int, str]] = []

    def task(number: int) -> int:
        time.sleep(0.02 / (number + 1))
        done.append((number, threading.current_thread().name))
        return number * number

    beside = Background()
    futures = [beside.do(task, number) for number in range(5)]
    beside.wait()
    assert [number for number, _ in done] == [0, 1, 2, 3, 4]
    assert [each.result() for each in futures] == [0, 1, 4, 9, 16]
    assert len({name for _, name in done} - {threading.current_thread().name}) == 1
    beside.close()


def test_nothing_is_done_behind_a_task_that_failed() -> None:
    done: list[int] = []
    gate = threading.Event()

    def fails() -> None:
        gate.wait(5)
        raise ValueError("no")

    beside = Background()
    beside.do(done.append, 1)
    beside.do(fails)
    late = beside.do(done.append, 2)
    gate.set()
    with pytest.raises(ValueError, match="no"):
        late.result()
    with pytest.raises(ValueError, match="no"):
        beside.do(done.append, 3)
    with pytest.raises(ValueError, match="no"):
        beside.wait()
    beside.close()
    assert done == [1]
