"""Asks several cases at once and gives the answers in their order. Its threads never hold up the end of the process, as those of an executor do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Asked = TypeVar("Asked")
Said = TypeVar("Said")
LOOK_AGAIN = 0.5  # seconds after which the main thread looks for Ctrl-C where waiting cannot be interrupted


def side_by_side(ask: Callable[[Asked], Said], groups: Sequence[Sequence[Asked]], at_once: int) -> Iterator[Said]:
    """The answers in the order of the cases; an exception of `ask` is raised at once. Whoever stops iterating stops the asking.

    Parameters
    ----------
    groups : cases that are asked one after the other; several groups are asked at once
    """
    starts = [0]
    for group in groups:
        starts.append(starts[-1] + len(group))
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(groups)):
        waiting.put(number)
    done: queue.SimpleQueue[tuple[int, Said] | BaseException] = queue.SimpleQueue()
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                for place, case in enumerate(groups[number], starts[number]):
                    done.put((place, ask(case)))
                    if over.is_set():
                        return
            except BaseException as fault:  # raised again where the answer is asked for
                over.set()
                done.put(fault)

    for _ in range(min(at_once, len(groups))):
        threading.Thread(target=work, name="mews-newtt-conform", daemon=True).start()
    early: dict[int, Said] = {}
    try:
        for number in range(starts[-1]):
            while number not in early:
                try:
                    found = done.get(timeout=LOOK_AGAIN)
                except queue.Empty:
                    continue
                if isinstance(found, BaseException):
                    raise found
                early[found[0]] = found[1]
            yield early.pop(number)
    finally:
        over.set()
