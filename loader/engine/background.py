"""Work for the warehouse beside the calls: reading ahead and writing down, while a call waits for its reply."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """One thread that does tasks in the order in which they were given.

    After one that failed no other is done, so what is done is always the beginning of what was given. Whoever gives
    tasks leaves alone what they use, until `wait` or `close`.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "warehouse")
        self._failure: BaseException | None = None

    def do(self, task: Callable[..., T], *args: Any) -> Future[T]:
        """Give a task; the future has its result. Raises what an earlier one failed with."""
        if self._failure:
            raise self._failure
        return self._pool.submit(self._unless_failed, task, *args)

    def wait(self) -> None:
        """Wait until every task is done. Raises what one failed with."""
        self.do(lambda: None).result()

    def close(self) -> None:
        """Wait until nothing is done any more."""
        self._pool.shutdown()

    def _unless_failed(self, task: Callable[..., T], *args: Any) -> T:
        if self._failure:
            raise self._failure
        try:
            return task(*args)
        except BaseException as failure:
            self._failure = failure
            raise
