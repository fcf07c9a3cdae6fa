"""Reads that AWS has for one resource at a time only, made for several at once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

WIDTH = 32  # calls at once
A = TypeVar("A")
B = TypeVar("B")


def each(read: Callable[[A], B], of: Iterable[A]) -> Iterator[tuple[A, B]]:
    """Each thing with what is read of it, in their order. The first error is raised once all calls have ended."""
    things = list(of)
    if not things:
        return
    with ThreadPoolExecutor(min(WIDTH, len(things)), thread_name_prefix="read") as pool:
        futures = [pool.submit(copy_context().run, read, thing) for thing in things]
    for thing, future in zip(things, futures, strict=True):
        yield thing, future.result()


def batches(things: Iterable[A], size: int) -> Iterator[list[A]]:
    """In lists of at most so many, in their order."""
    rest = iter(things)
    while several := list(islice(rest, size)):
        yield several
