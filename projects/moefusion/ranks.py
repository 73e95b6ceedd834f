"""Which of several processes this is, and its share of their work; alone it needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

Item = TypeVar('Item')

# Shares take as long as they take; a process that ends is noticed at once.
PATIENCE = timedelta(days=100)


@dataclass(frozen=True)
class Ranks:
    """Which of several processes this is.

    Attributes:
        number (int): from 0.
        count (int): how many there are.
        joined (bool): whether they can hear of each other.
    """

    number: int = 0
    count: int = 1
    joined: bool = False

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all."""
        return self.number == 0 or not self.joined

    def share(self, items: Iterable[Item]) -> list[Item]:
        """Every ``count``-th item, from this process's number on."""
        return list(items)[self.number :: self.count]

    def of_the_first(self, find: Callable[[], Item]) -> Item:
        """What a function returns in process 0, where alone it runs if they are joined.

        Raises:
            RuntimeError: as :meth:`gather` does.
        """
        found: list[Item] = self.gather(find() if self.leads else None)
        return found[0]

    def gather(self, value: Any) -> list[Any]:
        """Wait for all processes, and hand each of them the values of all in order.

        Processes that are not joined keep their own.

        Raises:
            RuntimeError: if a process has ended before it came here.
        """
        if not self.joined:
            return [value]
        from torch import distributed as dist

        found: list[Any] = [None] * self.count
        try:
            dist.monitored_barrier(timeout=PATIENCE)
            dist.all_gather_object(found, value)
        except RuntimeError as error:
            raise RuntimeError(
                f'rank {self.number} of {self.count} stops, as another has ended before its share '
                'was done: see its own message. The same command goes on from here'
            ) from error
        return found
