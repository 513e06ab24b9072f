"""What all models behind an address share: one call, its retries, the limit on calls at once, plain errors."""

import asyncio
import os
import random
import re
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import orjson

from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.failure import AttemptError, HttpReply, error_code, error_message, failure_of, readable
from acidtest.models.key_mask import answer_without_key, without_key
from acidtest.models.limiter import AdaptiveLimiter
from acidtest.models.proxy import proxy_for
from acidtest.types import Prompt, Reply, Sampling, Style

DEFAULT_CONNECTIONS = 32
LONGEST_BACKOFF = 30.0
PATIENCE = 120.0
MOST_LOST = 3
"""So often a call is sent again because whoever sent it for us is gone."""

OUT_OF_CREDIT = frozenset({"insufficient_quota", "billing_not_active", "billing_error"})
THIS_PROMPT_ONLY = frozenset(
    {"context_length_exceeded", "exceed_context_size_error", "content_filter", "content_policy_violation"}
)
"""Error codes that say something about one prompt: the item stays unanswered, others go on."""

_PLAIN = re.compile(r"[!-~]+")
_SECRET_PART = re.compile(r"^([^:/@]*:/+)?.*@", re.DOTALL)
"""A name and password before the host, also in what is no address."""

_ESCAPE = re.compile(rb"(\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|(\\ud[89a-f][0-9a-f]{2})|\\.", re.IGNORECASE)
_MOST_TOKENS = 10**9
_TOO_LONG = ("maximum context length", "prompt is too long")

_SUCCESS, _REDIRECTED, _FIRST_ERROR = 200, 300, 400
_TOO_LARGE, _REFUSED_KEY, _NOT_FOUND, _UNPAID = 413, (401, 403), 404, 402
_MOST_DOUBLINGS = 16


class Client(Protocol):
    """Posts bodies to one address."""

    async def post(self, body: bytes) -> HttpReply:
        """Send one body and return what came back."""

    async def close(self) -> None:
        """Close all connections."""


class RemoteModel(LanguageModel):
    """A model behind an address. A provider says how a body is written and how an answer is read.

    Attributes:
        limiter: Finds out how many calls the server takes at once.
        heard: The server answered something, ever.
        first_backoff: Seconds before the first retry, about; doubles each time, never above `LONGEST_BACKOFF`.
        patience: Seconds since the server's latest answer to any call, or since the first call, in which "too many"
            (429) is none of a call's `retries`, where it has any: twice what these could take, at most `PATIENCE`.
        make_client: Gives what posts the bodies; an executor may put one here that posts from elsewhere.
    """

    def __init__(self, spec: ModelSpec, *, style: Style, url: str, key: str, headers: Mapping[str, str]) -> None:
        self.spec, self.style, self.revision = spec, style, spec.revision or ""
        self.connections = spec.connections or DEFAULT_CONNECTIONS
        self.url, self._key = url, key
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **headers}
        self.limiter = AdaptiveLimiter(self.connections)
        self.first_backoff, self.patience = 0.5, min(PATIENCE, 2 * spec.retries * spec.timeout)
        self._latest_answer: float | None = None
        self.make_client: Callable[[], Client] = self.own_client
        self._client: Client | None = None
        self.heard = False

    @abstractmethod
    def body(self, prompt: Prompt, sampling: Sampling) -> bytes:
        """Return the request's body."""

    @abstractmethod
    def read(self, answer: object, prompt: Prompt) -> tuple[str, str, int, int]:
        """Return text, finish, tokens in and out of a parsed answer.

        Raises:
            KeyError, IndexError, TypeError, ValueError: The answer has not the expected shape.
        """

    def logprobs(self, answer: object) -> dict[str, float]:  # noqa: ARG002 - most servers send none
        """Return the likeliest first tokens of a parsed answer with their log-probabilities; empty where it has none.

        Only asked of answers that `read` could read.
        """
        return {}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        """Send one prompt and return the reply; see `LanguageModel.answer`."""
        body = self.body(prompt, sampling)
        attempt = lost = held = 0
        self._latest_answer = self._latest_answer or time.monotonic()
        while True:
            try:
                return await self._attempt(body, prompt)
            except AttemptError as failure:
                # "Too many" is no fault of the call's: as long as others are answered it is none of its retries.
                early = failure.throttled and time.monotonic() - self._latest_answer < self.patience
                again = lost < MOST_LOST if failure.lost else failure.retry and (early or attempt < self.spec.retries)
                if failure.paid:
                    self.paid_failure(prompt, again)
                if not again:
                    raise self.given_up(failure, attempt + lost + held + 1) from None
                tries = 0 if failure.retry_after else attempt + held  # a server that says how long is taken at its word
                longest = min(self.first_backoff * 2 ** min(tries, _MOST_DOUBLINGS), LONGEST_BACKOFF)
                backoff = longest * random.uniform(0.5, 1.0)
                wait = max(failure.retry_after, backoff)
                lost, held = lost + failure.lost, held + early
                attempt += not (failure.lost or early)
            await asyncio.sleep(wait)

    async def _attempt(self, body: bytes, prompt: Prompt) -> Reply:
        if self._client is None:
            self._client = self.make_client()
        client = self._client
        ticket = await self.limiter.acquire()
        try:
            began = time.perf_counter()
            reply = await client.post(body)
            seconds = time.perf_counter() - began
            self.heard = True
            if not _SUCCESS <= reply.status < _REDIRECTED:
                raise self.refusal(reply)
            answer = self._parsed(self.without_key(reply.body), prompt, seconds)
            self.limiter.succeeded()
            self._latest_answer = time.monotonic()
        except AttemptError as failure:
            if failure.throttled:
                self.limiter.throttled(ticket)
            self.limiter.hold(failure.retry_after)
            raise
        finally:
            self.limiter.release()
        return answer

    def _parsed(self, body: bytes, prompt: Prompt, seconds: float) -> Reply:
        try:
            parsed = loaded(body)
        except orjson.JSONDecodeError:
            if body.lstrip()[:1] == b"<":
                what, way_out = "the answer is a web page, not JSON", "Check 'base_url', and what stands between."
                raise AttemptError(what, paid=True, way_out=way_out) from None
            raise AttemptError("the answer is not whole JSON", paid=True) from None
        return self.reply_of(parsed, prompt, seconds)

    def reply_of(self, parsed: object, prompt: Prompt, seconds: float = 0.0) -> Reply:
        """Return the reply that a parsed answer holds.

        Raises:
            AttemptError: It has not the expected shape.
        """
        try:
            text, finish, tokens_in, tokens_out = self.read(parsed, prompt)
            logprobs = self.logprobs(parsed) if prompt.logprobs else None
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise AttemptError(f"the answer has not the expected fields{self._told(parsed)}", paid=True) from None
        return Reply(
            text=text,
            tokens_in=_counted(tokens_in),
            tokens_out=_counted(tokens_out),
            seconds=seconds,
            finish=finish,
            logprobs=logprobs,
        )

    def _told(self, parsed: object) -> str:
        said = self.shown(error_message(parsed))  # some answer 200, and an error
        return f": {said}" if said else ""

    def own_client(self) -> Client:
        """Return what posts bodies to this model's address from this process."""
        if self.url.lower().startswith("http:") and not proxy_for(self.url):
            from acidtest.models.http_client import HttpClient

            return HttpClient(self.url, self._headers, timeout=self.spec.timeout)
        from acidtest.models.aiohttp_client import AiohttpClient

        return AiohttpClient(self.url, self._headers, timeout=self.spec.timeout, connections=self.connections)

    def refusal(self, reply: HttpReply) -> AttemptError | ModelError | TransientModelError:
        """Return the error for a status that is no success: to be retried, for good, or for this prompt alone."""
        failure = failure_of(reply, hidden=self._key)
        code = error_code(reply.body)
        place = {"where": self.place}
        too_long = any(words in failure.what for words in _TOO_LONG)  # vLLM and Anthropic have no code for it
        if code in THIS_PROMPT_ONLY or reply.status == _TOO_LARGE or (too_long and not failure.retry):
            way_out = "Show fewer examples, or leave the item out; the other items go on."
            return TransientModelError(f"{failure.what} (this prompt alone)", **place, way_out=way_out)
        if code in OUT_OF_CREDIT or reply.status == _UNPAID:
            return ModelError(
                failure.what, **place, way_out="The account has no credit left: top it up, then run again."
            )
        if failure.retry:
            return failure
        if reply.status in _REFUSED_KEY:
            way_out = f"Put a valid key into the environment variable {self.key_variable}."
            if not self._key:
                way_out += " No key was sent: 'key_env' of the model names the variable for another address."
        elif reply.status == _NOT_FOUND:
            way_out = f"Check the model's name '{self.spec.model}' and its 'base_url'."
        elif _REDIRECTED <= reply.status < _FIRST_ERROR:
            way_out = "The address moved; set 'base_url' to the new one."
        else:
            way_out = f"Check the model's name '{self.spec.model}', its 'style' and the sampling settings."
        return ModelError(failure.what, **place, way_out=way_out)

    def given_up(self, failure: AttemptError, attempts: int) -> ModelError | TransientModelError:
        """Return what is said after the last attempt."""
        tried = f" ({attempts} attempts)" if attempts > 1 else ""
        failure.what = without_key(failure.what, self._key)
        if failure.unreachable and not self.heard:
            way_out = failure.way_out or "Check 'base_url', and that the server runs and is reachable from here."
            return ModelError(f"{failure.what}{tried}", where=self.place, way_out=way_out)
        settings = "'timeout', 'retries' and 'connections' can be set."
        way_out = failure.way_out or f"Run again: only what is missing is asked. {settings}"
        return TransientModelError(f"{failure.what}{tried}", where=self.place, way_out=way_out)

    def shown(self, text: str) -> str:
        """Return a stranger's text as it may be shown: one short line, without the key."""
        return readable(text, hidden=self._key)

    def without_key(self, body: bytes) -> bytes:
        """Return what a server answered without the key that was sent to it."""
        return answer_without_key(body, self._key)

    @property
    def headers(self) -> Mapping[str, str]:
        """What is sent with each call; the key stands in it."""
        return self._headers

    @property
    def place(self) -> str:
        """The model and its address, without what could be secret in the address."""
        parts = urlsplit(self.url)
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        return f"model '{self.spec.name}' at {bare}"

    @property
    def key_variable(self) -> str:
        """The environment variable that holds the key."""
        return self.spec.key_env or self.default_key_variable

    @property
    def key_in_use(self) -> dict[str, str]:
        """The environment variable and its key, where one is sent: whoever posts for this model needs it."""
        return {self.key_variable: self._key} if self._key else {}

    default_key_variable = "OPENAI_API_KEY"


def key_of(spec: ModelSpec, default_variable: str) -> str:
    """Return the key for a model.

    A key is sent to the provider's own address, and to another one only where `key_env` names it: a study file that
    somebody else wrote does not get the usual key sent to an address of his.

    Raises:
        ModelError: The variable that should hold the key is empty.
    """
    variable = spec.key_env or default_variable
    if spec.base_url and not spec.key_env:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ModelError(
            f"no key for model '{spec.name}'",
            where=f"environment variable {variable}",
            way_out=f"Set {variable}, or name another variable with 'key_env'.",
        )
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"the key in {variable} holds characters no key has", way_out=f"Set {variable} again.")
    return key


def address_of(spec: ModelSpec, default: str, path: str) -> str:
    """Return the address for calls: `base_url` or the default, and the path."""
    base = spec.base_url or default
    try:
        parts = urlsplit(base)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and _PLAIN.fullmatch(base)
    except ValueError:  # a port that is no number
        plain = False
    if not plain:
        way_out = "Write it like http://localhost:8000/v1 or https://api.example.com/v1."
        shown = _SECRET_PART.sub(lambda found: f"{found[1] or ''}***@", base)
        where = f"base_url of model '{spec.name}'"
        raise ModelError(f"'{readable(shown)}' is no address", where=where, way_out=way_out)
    if parts.username is not None or parts.password is not None:
        raise ModelError(
            "a name or password stands in the address",
            where=f"base_url of model '{spec.name}'",
            way_out="Keep it out of files: 'key_env' names the environment variable that holds the key.",
        )
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, fragment=""))


def cut_at(text: str, stops: tuple[str, ...]) -> str:
    r"""Return the text up to the first stop string; for stops that a server does not take.

    Example:
        >>> cut_at("one\n\ntwo", ("\n\n",))
        'one'
    """
    ends = [text.index(stop) for stop in stops if stop and stop in text]
    return text[: min(ends)] if ends else text


def loaded(body: bytes) -> object:
    """Parse an answer. A lone half of a surrogate pair, which no file can hold, becomes the replacement character."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.loads(_ESCAPE.sub(lambda found: rb"\ufffd" if found[2] else found[0], body))


def _counted(tokens: int) -> int:
    """Return a count as a server may state it: no file or sum breaks on it, and none below 0 pays for other calls."""
    return min(max(tokens, 0), _MOST_TOKENS)
