"""Long verbs take turns, whichever face they were called through; short ones never wait."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genas.core.errors import GenasError
from genas.faces.queue import PROCESS, Queue
from genas.faces.tools import LONG, READING, WRITING, Verbs


def test_of_many_callers_only_one_works_at_a_time() -> None:
    queue, working, most = Queue(), 0, 0

    def work() -> None:
        nonlocal working, most
        with queue.turn():
            working += 1
            most = max(most, working)
            time.sleep(0.01)
            working -= 1

    with ThreadPoolExecutor(8) as pool:
        for job in [pool.submit(work) for _ in range(8)]:
            job.result()
    assert most == 1


def test_who_waits_is_asked_whether_to_go_on_and_may_leave() -> None:
    queue, asked = Queue(), []

    def leave() -> None:
        asked.append(time.monotonic())
        if len(asked) == 2:
            raise GenasError("stopped")

    with queue.turn(), ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with queue.turn(leave):
                raise AssertionError("two worked at once")

        with pytest.raises(GenasError, match="stopped"):
            pool.submit(wait).result()
    assert len(asked) == 2
    with queue.turn():  # who left keeps nobody waiting
        pass


def test_a_turn_ends_with_an_error_of_the_work() -> None:
    queue = Queue()
    with pytest.raises(GenasError, match="of the work"), queue.turn():
        raise GenasError("of the work")
    with queue.turn():
        pass


def test_a_long_verb_waits_while_another_face_works_and_a_short_one_does_not(tmp_path: Path) -> None:
    begun, asked = threading.Event(), threading.Event()

    def told() -> None:
        asked.set()
        raise GenasError("the user left")

    waits = Verbs(tmp_path, waiting=told)
    with PROCESS.turn(), ThreadPoolExecutor(1) as pool:
        long = pool.submit(lambda: (begun.set(), waits.call("design", sentence="digits under 20k parameters")))
        assert begun.wait(10) and asked.wait(10)
        assert "params" in waits.call("plugins", kind="scorers")["scorers"]
        with pytest.raises(GenasError, match="the user left"):
            long.result(10)
    assert not waits.working and list(tmp_path.iterdir()) == []


def test_what_trains_measures_or_writes_is_long() -> None:
    assert set(LONG) == {"propose", "score", *WRITING}
    assert set(LONG) <= {*READING, *WRITING}
