"""One attempt that gave no answer: what went wrong, and whether another attempt may fare better."""

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from acidtest.models.key_mask import without_key

LONGEST_WAIT = 120.0
"""Seconds: a server's Retry-After is honoured up to here."""

LARGEST_BODY = 4 << 20
"""Bytes: no honest answer is larger."""

_RETRIED = frozenset({408, 409, 425, 429})
_THROTTLING = frozenset({429, 529})
_SHOWN = 300
_READ = 16_384


class HttpReply(NamedTuple):
    """What a server sent back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class AttemptError(Exception):
    """An attempt failed.

    Attributes:
        what: What happened, in plain words, safe to show.
        retry: Another attempt may fare better.
        throttled: The server asks for fewer calls.
        retry_after: Seconds that the server asks to wait.
        unreachable: No connection came about: nothing was sent.
        paid: The server may have answered and charged, though no answer arrived.
        lost: Whoever sent it for us is gone. Such an attempt is none of the model's `retries`.
        way_out: What to do now, where that is known here.
    """

    def __init__(  # noqa: PLR0913 - all that is known of an attempt
        self,
        what: str,
        *,
        retry: bool = True,
        throttled: bool = False,
        retry_after: float = 0.0,
        unreachable: bool = False,
        paid: bool = False,
        lost: bool = False,
        way_out: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.retry, self.throttled = what, retry, throttled
        self.retry_after, self.unreachable, self.paid, self.lost = retry_after, unreachable, paid, lost
        self.way_out = way_out


def failure_of(reply: HttpReply, hidden: str = "") -> AttemptError:
    """Return what a reply with an error status means; `hidden` (a key) never shows in it."""
    status = reply.status
    said = readable(_message(reply.body), hidden)
    return AttemptError(
        f"the server answered {status}" + (f": {said}" if said else ""),
        retry=status in _RETRIED or status >= 500,  # noqa: PLR2004 - the server's own faults
        throttled=status in _THROTTLING,
        retry_after=retry_after(reply.headers.get("retry-after", "")),
    )


def error_code(body: bytes) -> str:
    """Return the machine's word for an error (`error.code` or `error.type` of the JSON body), or an empty string."""
    error = _error(body)
    code = error.get("code") or error.get("type")
    return code if isinstance(code, str) else ""


def retry_after(value: str) -> float:
    """Return the seconds that a Retry-After header asks for: a number or an HTTP date (RFC 9110, 10.2.3).

    What cannot be read is 0; nothing is longer than `LONGEST_WAIT`.

    Example:
        >>> retry_after("7"), retry_after("soon"), retry_after("1e9"), retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
        (7.0, 0.0, 120.0, 0.0)
    """
    if not value:
        return 0.0
    try:
        seconds = float(value)
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else 0.0  # noqa: PLR0124 - NaN is no time


def readable(text: str, hidden: str = "") -> str:
    r"""Return a stranger's text as one short line without control characters and without the key.

    Example:
        >>> readable("bad key sk-123\x1b[31m\nnext", hidden="sk-123")
        'bad key *** [31m next'
    """
    text = without_key(text[:_READ], hidden)  # before it is cut: half a key is a secret, too
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text[: 4 * _SHOWN])).strip()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _error(body: bytes) -> dict[str, object]:
    import orjson

    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return _error_in(parsed if isinstance(parsed, dict) and "error" in parsed else {"error": parsed})


def _error_in(parsed: object) -> dict[str, object]:
    error = parsed.get("error", {}) if isinstance(parsed, dict) else {}
    return error if isinstance(error, dict) else {"message": error}


def error_message(parsed: object) -> str:
    """Return what a parsed answer that has a field `error` says in words; empty where it has none.

    Example:
        >>> error_message({"error": {"message": "overloaded"}}), error_message({"choices": []})
        ('overloaded', '')
    """
    return _words(_error_in(parsed))


def _words(error: dict[str, object]) -> str:
    for name in ("message", "detail"):
        if isinstance(said := error.get(name), str):
            return said
    return ""


def _message(body: bytes) -> str:
    return _words(_error(body)) or body[:_READ].decode("utf-8", "replace")
