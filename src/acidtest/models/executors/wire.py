"""What crosses to a worker and back: plain values, so that nothing of ours depends on how Ray packs objects."""

from typing import Any

from acidtest import errors
from acidtest.errors import AcidtestError
from acidtest.models.failure import AttemptError, HttpReply
from acidtest.types import Prompt, Reply, Sampling

Wire = dict[str, Any]
_LONGEST = 4000


def prompt_to(prompt: Prompt) -> Wire:
    """Return a prompt as plain values."""
    return dict(vars(prompt))


def prompt_from(wire: Wire) -> Prompt:
    """Return the prompt that `prompt_to` was given."""
    return Prompt(**wire)


def sampling_to(sampling: Sampling) -> Wire:
    """Return sampling settings as plain values."""
    return dict(vars(sampling))


def sampling_from(wire: Wire) -> Sampling:
    """Return the settings that `sampling_to` was given."""
    return Sampling(**wire)


def reply_to(reply: Reply) -> Wire:
    """Return a reply as plain values."""
    logprobs = None if reply.logprobs is None else dict(reply.logprobs)
    return {"reply": {**vars(reply), "logprobs": logprobs}}


def reply_from(wire: Wire) -> Reply:
    """Return the reply that `reply_to` was given.

    Raises:
        AcidtestError: An error crossed instead; it is raised as what it was.
    """
    return Reply(**unwrapped(wire)["reply"])


def http_reply_to(reply: HttpReply) -> Wire:
    """Return what a server sent back as plain values."""
    return {"status": reply.status, "headers": dict(reply.headers), "body": reply.body}


def http_reply_from(wire: Wire) -> HttpReply:
    """Return the reply that `http_reply_to` was given.

    Raises:
        AcidtestError, AttemptError: An error crossed instead; it is raised as what it was.
    """
    wire = unwrapped(wire)
    return HttpReply(wire["status"], wire["headers"], wire["body"])


def error_to(error: AcidtestError | AttemptError) -> Wire:
    """Return an error of ours as plain values.

    Example:
        >>> error_to(AcidtestError("no such file", where="a.gguf"))["error"]
        {'kind': 'AcidtestError', 'what': 'no such file', 'where': 'a.gguf', 'way_out': ''}
    """
    if isinstance(error, AttemptError):
        return {"attempt": vars(error)}
    texts = {"what": error.what, "where": error.where, "way_out": error.way_out}
    return {"error": {"kind": type(error).__name__, **{name: text[:_LONGEST] for name, text in texts.items()}}}


def unwrapped(wire: Wire) -> Wire:
    """Return what crossed.

    Raises:
        AcidtestError, AttemptError: An error crossed; it is raised as what it was.
    """
    if "attempt" in wire:
        raise AttemptError(**wire["attempt"])
    if "error" not in wire:
        return wire
    told = wire["error"]
    kind = getattr(errors, told["kind"], AcidtestError)
    if not (isinstance(kind, type) and issubclass(kind, AcidtestError)):
        kind = AcidtestError
    raise kind(told["what"], where=told["where"], way_out=told["way_out"])
