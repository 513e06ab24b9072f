"""What every classic solver asks of its pool."""

from collections.abc import Sequence

from acidtest.errors import DataError
from acidtest.types import Item


def require_pool(pool: Sequence[Item], solver: str) -> None:
    """Refuse a pool without items: a classic solver has nothing else to learn from.

    Raises:
        DataError: The pool is empty.
    """
    if not pool:
        raise DataError(
            f"the solver '{solver}' learns from the pool, and the pool is empty",
            where="pool of the real benchmark",
            way_out="Give the benchmark a train split or a share for the pool, or leave the solver out.",
        )
