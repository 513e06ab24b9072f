"""What crosses to a worker comes back as it was, errors of ours included."""

import inspect

import pytest

from acidtest import errors
from acidtest.errors import AcidtestError, BudgetError, ModelError, TransientModelError
from acidtest.models.executors.wire import (
    error_to,
    http_reply_from,
    http_reply_to,
    prompt_from,
    prompt_to,
    reply_from,
    reply_to,
    sampling_from,
    sampling_to,
)
from acidtest.models.failure import AttemptError, HttpReply
from acidtest.types import Prompt, Reply, Sampling

PLAIN = (str, bytes, int, float, bool, type(None), dict, list, tuple)
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AcidtestError)]


def is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(is_plain(inner) for inner in value)
    return type(value) in PLAIN


def test_prompts_settings_and_replies_cross_as_plain_values() -> None:
    prompt = Prompt(messages=(("user", "é\ud800\0"),), stop=("\n",), max_tokens=3, grammar="root ::= x", logprobs=2)
    sampling = Sampling(temperature=0.1, top_p=0.2, min_p=0.3, seed=2**40)
    reply = Reply(text="a", tokens_in=1, seconds=0.1, cost=1e-9, logprobs={"A": -0.5})
    http = HttpReply(429, {"retry-after": "1"}, b"\xff")
    wires = prompt_to(prompt), sampling_to(sampling), reply_to(reply), http_reply_to(http)
    assert all(map(is_plain, wires))
    assert prompt_from(wires[0]) == prompt
    assert sampling_from(wires[1]) == sampling
    assert reply_from(wires[2]) == reply
    assert http_reply_from(wires[3]) == http


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_ours_arrives_as_itself(kind: type[AcidtestError]) -> None:
    wire = error_to(kind("what", where="where", way_out="way"))
    assert is_plain(wire)
    with pytest.raises(kind) as caught:
        reply_from(wire)
    assert type(caught.value) is kind
    assert str(caught.value) == "what\n  where: where\n  way out: way"


def test_the_kinds_that_stages_tell_apart_are_among_them() -> None:
    assert {ModelError, TransientModelError, BudgetError} <= set(KINDS)


def test_a_failed_attempt_arrives_with_all_that_decides_what_follows() -> None:
    sent = AttemptError("half an answer", retry=False, throttled=True, retry_after=2.5, unreachable=True, paid=True)
    wire = error_to(sent)
    assert is_plain(wire)
    with pytest.raises(AttemptError) as caught:
        http_reply_from(wire)
    assert vars(caught.value) == vars(sent)


@pytest.mark.parametrize("kind", ["counted", "Sequence", "__builtins__", "nothing"])
def test_a_strange_kind_of_error_is_an_error_all_the_same(kind: str) -> None:
    wire = error_to(AcidtestError("x"))
    wire["error"]["kind"] = kind
    with pytest.raises(AcidtestError):
        reply_from(wire)
