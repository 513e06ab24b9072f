"""A hard cap on money and calls: no call is sent that could cross it."""

import asyncio

from acidtest.errors import BudgetError


class Budget:
    """What a study may spend, shared by all its models.

    Before a call is sent, the most it can cost is set aside; what it did cost is counted when its answer is there.
    Where only calls still under way stand between the next call and the cap, it waits for them instead of giving up.

    Args:
        max_cost: US dollars; None: no cap.
        max_calls: Calls; None: no cap.
        spent: US dollars spent before, where a run is resumed.
        calls: Calls made before.

    Attributes:
        spent: US dollars spent so far.
        calls: Calls sent so far, those under way included.

    Example:
        >>> budget = Budget(max_calls=1)
        >>> asyncio.run(budget.reserve(0.0)); budget.settle(0.0, 0.0)
        >>> asyncio.run(budget.reserve(0.0))
        Traceback (most recent call last):
        acidtest.errors.BudgetError: the next call would be more than the 1 that are allowed
          way out: Raise 'max_calls' and run again: nothing that was answered is asked again.
    """

    def __init__(
        self, *, max_cost: float | None = None, max_calls: int | None = None, spent: float = 0.0, calls: int = 0
    ) -> None:
        self.max_cost, self.max_calls, self.spent, self.calls = max_cost, max_calls, spent, calls
        self._set_aside = 0.0
        self._settled: asyncio.Event | None = None

    async def reserve(self, most: float | None) -> None:
        """Set aside the most that the next call can cost (US dollars; None: its price is not known).

        Raises:
            BudgetError: The call could cross a cap, or there is a cap on money and its price is not known.
        """
        while not self._fits(most):
            self._settled = self._settled or asyncio.Event()
            await self._settled.wait()
        self.calls += 1
        self._set_aside += most or 0.0

    def settle(self, most: float | None, cost: float) -> None:
        """Count what a call did cost, in place of what `reserve` set aside for it."""
        self._set_aside = max(self._set_aside - (most or 0.0), 0.0)
        self.spent += cost
        if self._settled is not None:
            self._settled.set()
            self._settled = None

    def count_failed(self, most: float | None, *, again: bool) -> None:
        """Count a failed attempt that may have been charged in full; `again`: the call is to be repeated.

        Raises:
            BudgetError: The repetition could cross a cap.
        """
        self.spent += most or 0.0
        if again:
            self.calls += 1
            if self.max_calls is not None and self.calls > self.max_calls:
                raise self._too_many()
            if self.max_cost is not None and self.spent + self._set_aside > self.max_cost:
                raise self._too_dear(most or 0.0)

    def _fits(self, most: float | None) -> bool:
        """Return whether the call fits now; False: only calls under way are in its way."""
        if self.max_calls is not None and self.calls + 1 > self.max_calls:
            raise self._too_many()
        if self.max_cost is None:
            return True
        if most is None:
            raise BudgetError(
                "a cap on the cost cannot be kept: a model's price is not known",
                way_out="Give the model 'price_in' and 'price_out' (US dollars per million tokens; 0: free).",
            )
        if self.spent + most > self.max_cost:
            raise self._too_dear(most)
        return self.spent + self._set_aside + most <= self.max_cost

    def _too_many(self) -> BudgetError:
        return BudgetError(
            f"the next call would be more than the {self.max_calls or 0:,} that are allowed",
            way_out="Raise 'max_calls' and run again: nothing that was answered is asked again.",
        )

    def _too_dear(self, most: float) -> BudgetError:
        return BudgetError(
            f"the next call could cost up to ${most:.6f}; ${self.spent:.6f} of ${self.max_cost or 0:.6f} are spent",
            way_out="Raise 'max_cost' and run again: nothing that was answered is asked again.",
        )
