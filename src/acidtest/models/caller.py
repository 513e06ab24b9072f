"""One model as the stages use it: what was answered before is not asked again, and no call crosses the budget."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from acidtest.errors import AcidtestError
from acidtest.models.base import LanguageModel
from acidtest.models.budget import Budget
from acidtest.models.cache import CacheKey, ResponseCache
from acidtest.models.price import Price
from acidtest.types import Prompt, Reply, Sampling

_FLUSH_AFTER = 1.0


class Caller:
    """Calls one model. Used as an async context manager, which opens and closes the model.

    Args:
        model: The model.
        cache: Where replies are looked up and kept; None: every call is sent.
        budget: The cap on money and calls, shared with other callers; None: no cap.
        price: What the model costs; None: not known. Then `Reply.cost` is 0.
        at_once: A reply is in the cache's file when `call` returns it, not within a second: for replies that stand
            nowhere else yet, such as the first of two that make one rating.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        cache: ResponseCache | None = None,
        budget: Budget | None = None,
        price: Price | None = None,
        at_once: bool = False,
    ) -> None:
        self.model, self.cache, self.budget, self.price, self.at_once = model, cache, budget, price, at_once
        self._key: CacheKey | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        if budget is not None:
            model.paid_failure = lambda prompt, again: budget.count_failed(self._most(prompt), again=again)

    async def __aenter__(self) -> Self:
        await self.model.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._flush_timer is not None:
                self._flush_timer.cancel()
                self._flush_timer = None
            if self.cache is not None:
                self.cache.flush()
        except Exception as failed:
            await self.model.__aexit__(type(failed), failed, failed.__traceback__)  # it may keep what is not on disk
            raise
        await self.model.__aexit__(kind, error, trace)

    def key(self, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> bytes:
        """Return the cache key of a call: 32 bytes. The model must be open, since its revision is part of the key."""
        if self._key is None:
            self._key = CacheKey(self.model)
        return self._key(prompt, sampling, repeat)

    async def call(self, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Reply:
        """Return the reply to a prompt, from the cache where it was given before.

        `repeat` tells apart calls that are alike in all else. `Reply.cost` is what the answer cost when it was given,
        also where it comes from the cache and costs nothing now (`Reply.cached`): so a resumed run records the same.

        Raises:
            BudgetError: The call could cross a cap; it was not sent.
            ModelError, TransientModelError: See `LanguageModel.answer`.
        """
        reply = None
        if self.cache is not None:
            key = self.key(prompt, sampling, repeat)
            reply = self.cache.get(key)
        if reply is not None:
            return self._with_cost(reply)
        reply = await self._send(prompt, sampling, repeat)
        if self.cache is not None:
            self.cache.put(key, reply)
            if self.at_once:
                self.cache.flush()
            elif self._flush_timer is None and self.cache.pending:
                self._flush_timer = asyncio.get_running_loop().call_later(_FLUSH_AFTER, self._flush)
        return reply

    async def _send(self, prompt: Prompt, sampling: Sampling, repeat: int) -> Reply:
        if self.budget is None:
            return self._with_cost(await self.model.answer_repeat(prompt, sampling, repeat))
        most = self._most(prompt)
        await self.budget.reserve(most)
        cost = most or 0.0  # a call that is broken off may have been charged in full
        try:
            reply = self._with_cost(await self.model.answer_repeat(prompt, sampling, repeat))
            if reply.tokens_in:
                cost = reply.cost  # a server that counts no tokens is taken to have charged the most
        except AcidtestError:
            cost = 0.0  # failed attempts that may have been charged were counted one by one
            raise
        finally:
            self.budget.settle(most, cost)
        return reply

    def _most(self, prompt: Prompt) -> float | None:
        return None if self.price is None else self.price.most(prompt)

    def _with_cost(self, reply: Reply) -> Reply:
        cost = 0.0 if self.price is None else self.price.cost(reply.tokens_in, reply.tokens_out)
        if not cost:
            return reply
        return Reply(
            text=reply.text,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            seconds=reply.seconds,
            finish=reply.finish,
            cost=cost,
            cached=reply.cached,
            logprobs=reply.logprobs,
        )

    def _flush(self) -> None:
        self._flush_timer = None
        if self.cache is not None:
            with suppress(AcidtestError):  # nobody is there to be told; the next reply, or the end, tries it again
                self.cache.flush()
