"""The key of an answer: other where anything differs that decides the answer, the same where nothing does.

Every field of what is asked stands in one of two lists here; a new one that stands in neither fails.
"""

import dataclasses
import inspect
import itertools
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acidtest.generate.call_log import digest
from acidtest.models.base import LanguageModel, ModelSpec
from acidtest.models.cache import CacheKey, ResponseCache
from acidtest.types import Prompt, Reply, Sampling

PROMPT = Prompt(messages=(("user", "a"),), text="b", stop=("c",), max_tokens=5, grammar="root ::= d", logprobs=2)
SAMPLING = Sampling(temperature=0.5, top_p=0.9, min_p=0.1, seed=1)
SPEC = ModelSpec(name="m", use="openai:any", base_url="http://127.0.0.1:1/v1", style="chat", revision="1", context=512)

PROMPT_PARTS: dict[str, list[Any]] = {
    "messages": [(), (("system", "a"),), (("user", "b"),), (("user", "a"), ("user", ""))],
    "text": ["", "b ", "B"],
    "stop": [(), ("c", ""), ("",), ("cc",), ("c", "c")],
    "max_tokens": [4, 50],
    "grammar": ["", "root ::= e"],
    "logprobs": [0, 1],
}
SAMPLING_PARTS: dict[str, list[Any]] = {
    "temperature": [0.0, 0.6, 1.5],
    "top_p": [1.0, 0.99],
    "min_p": [0.0, 0.11],
    "seed": [None, 0, 2],
}
CALL_PARTS: dict[str, list[Any]] = {"repeat": [1, 2, 11]}
SPEC_PARTS: dict[str, list[Any]] = {
    "use": ["openai:other", "anthropic:any"],
    "base_url": [None, "http://127.0.0.1:2/v1", "http://127.0.0.1:1/v2"],
    "revision": [None, "2"],
    "style": ["completion"],
    "context": [None, 1024],
}
NO_PART: dict[str, tuple[object, str]] = {
    "name": ("n", "what a study calls a model changes no answer"),
    "key_env": ("OTHER_KEY", "who pays changes no answer, and a key stands in no file, not even hashed"),
    "family": ("f", "said of the model, not to it"),
    "connections": (7, "how many calls go out at once"),
    "timeout": (9.0, "how long an answer is waited for"),
    "retries": (1, "how often it is asked for"),
    "price_in": (1.0, "what it costs is worked out anew from the tokens"),
    "price_out": (1.0, "likewise"),
    "threads": (2, "how fast a local model is; it may round otherwise, as another processor may"),
    "workers": (2, "where it runs"),
    "gpus": (1.0, "where it runs"),
    "batch": (True, "by which way it is sent"),
    "batch_wait": (3.0, "likewise"),
    "batch_poll": (3.0, "likewise"),
}
NO_PART_OF_A_DIGEST = {"logprobs": "generators ask for none"}


class Model(LanguageModel):
    """A model that is what its spec says; it is never asked."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec, self.style, self.revision = spec, spec.style or "chat", spec.revision or ""

    async def answer(self, prompt: Prompt, sampling: Sampling) -> Reply:
        raise AssertionError(prompt, sampling)


def key(spec: Mapping[str, Any], prompt: Prompt, sampling: Sampling, repeat: int) -> bytes:
    return CacheKey(Model(ModelSpec(**{**SPEC.model_dump(), **spec})))(prompt, sampling, repeat)


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def test_every_field_is_said_to_be_part_of_the_key_or_not() -> None:
    assert names(Prompt) == set(PROMPT_PARTS)
    assert names(Sampling) == set(SAMPLING_PARTS)
    assert set(inspect.signature(CacheKey.__call__).parameters) == {"self", "prompt", "sampling", *CALL_PARTS}
    assert set(ModelSpec.model_fields) == set(SPEC_PARTS) | set(NO_PART)
    assert not set(SPEC_PARTS) & set(NO_PART)
    assert list(inspect.signature(CacheKey).parameters) == ["model"]


def test_any_part_that_changes_is_a_miss_and_two_that_change_are_another() -> None:
    """All single changes, and all pairs of changes of different fields: thousands of keys, no two alike."""
    single: list[tuple[str, str, object]] = [
        (kind, name, value)
        for kind, parts in (("p", PROMPT_PARTS), ("s", SAMPLING_PARTS), ("c", CALL_PARTS), ("m", SPEC_PARTS))
        for name, values in parts.items()
        for value in values
    ]
    changes = [(), *((one,) for one in single)]
    changes += [
        (one, other) for one, other in itertools.combinations(single, 2) if (one[0], one[1]) != (other[0], other[1])
    ]
    keys = {}
    for change in changes:
        by: dict[str, dict[str, Any]] = {kind: {n: v for k, n, v in change if k == kind} for kind in "pscm"}
        keys[change] = key(by["m"], replace(PROMPT, **by["p"]), replace(SAMPLING, **by["s"]), by["c"].get("repeat", 0))
    assert len(set(keys.values())) == len(changes) > 500


def test_what_is_no_part_of_the_key_is_a_hit() -> None:
    expected = key({}, PROMPT, SAMPLING, 0)
    for name, (value, reason) in NO_PART.items():
        assert reason
        assert getattr(SPEC, name) != value
        assert key({name: value}, PROMPT, SAMPLING, 0) == expected


TEXT = st.text(st.sampled_from('a",[]\\\n\0é☃ 0'), max_size=4)
PROMPTS = st.builds(
    Prompt,
    messages=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
    text=TEXT,
    stop=st.lists(TEXT, max_size=3).map(tuple),
    max_tokens=st.integers(0, 11),
    grammar=TEXT,
    logprobs=st.integers(0, 2),
)
SAMPLINGS = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.1, 0.10000000000000002, 1.0]),
    top_p=st.sampled_from([0.1, 1.0]),
    min_p=st.sampled_from([0.0, 0.1]),
    seed=st.one_of(st.none(), st.integers(0, 2**63)),
)
SPECS = st.fixed_dictionaries(
    {
        "use": st.sampled_from(["openai:a", 'openai:a","b', "openai:a,b"]),
        "base_url": st.sampled_from([None, "http://a", "http://a/b"]),
        "revision": st.one_of(st.none(), TEXT),
        "style": st.sampled_from(["chat", "completion"]),
        "context": st.sampled_from([None, 256, 257]),
    }
)
ASKED = st.tuples(SPECS, PROMPTS, SAMPLINGS, st.integers(0, 11))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ASKED, min_size=2, max_size=12))
def test_keys_are_alike_where_all_is_alike_and_only_there(
    asked: list[tuple[dict[str, Any], Prompt, Sampling, int]],
) -> None:
    """Texts of quotes, brackets, commas and line ends: what would run together if parts were only put in a row."""
    found: dict[bytes, object] = {}
    for spec, prompt, sampling, repeat in asked:
        # No revision and an empty one are the same to a server: nothing is said of it.
        whole = ({**spec, "revision": spec["revision"] or ""}, prompt, sampling, repeat)
        made = key(spec, prompt, sampling, repeat)
        assert found.setdefault(made, whole) == whole
        assert key(dict(spec), replace(prompt), replace(sampling), repeat) == made
    distinct = {repr(value) for value in found.values()}
    assert len(distinct) == len(found)


def test_texts_that_only_differ_in_where_one_part_ends_have_keys_of_their_own() -> None:
    """All ways to part 'aaaa' between role, content, text, stop strings and grammar."""
    keys = set()
    for ends in itertools.combinations_with_replacement(range(13), 5):
        one, two, three, four, five, six = (("a" * 12)[x:y] for x, y in itertools.pairwise([0, *ends, 12]))
        prompt = Prompt(messages=((one, two),), text=three, stop=(four, five), grammar=six)
        keys.add(key({}, prompt, SAMPLING, 0))
    assert len(keys) == 6188  # 17 over 5: ways to put five ends behind any of thirteen places


def test_a_recorded_call_of_a_generator_is_used_for_the_same_question_alone() -> None:
    about = ("writer", "r1", ("openai:a", None, "chat", None))
    expected = digest(PROMPT, SAMPLING, *about)
    made = [expected]
    made += [
        digest(replace(PROMPT, **{name: value}), SAMPLING, *about)
        for name, values in PROMPT_PARTS.items()
        if name not in NO_PART_OF_A_DIGEST
        for value in values
    ]
    made += [
        digest(PROMPT, replace(SAMPLING, **{name: value}), *about)
        for name, values in SAMPLING_PARTS.items()
        for value in values
    ]
    others = [("other", *about[1:]), ("writer", "r2", about[2]), ("writer", "r1", ("openai:b", None, "chat", None))]
    made += [digest(PROMPT, SAMPLING, *other) for other in [*others, ("writer", "r1", ("openai:a", "u", "chat", None))]]
    assert len(set(made)) == len(made)
    assert digest(replace(PROMPT), replace(SAMPLING), *about) == expected


REPLY: dict[str, list[Any]] = {
    "text": ["", "\0 ☃ \n", "x" * 100_000],
    "tokens_in": [0, 10**9],
    "tokens_out": [0, 10**9],
    "seconds": [0.0, 0.1, 1e-9],
    "finish": ["stop", "length", ""],
    "logprobs": [None, {}, {"a": -0.5, "☃": 0.0}],
}
NOT_KEPT = {"cost": "worked out from the tokens when it is read", "cached": "true of all that comes from the cache"}


def test_all_of_a_reply_comes_back(tmp_path: Path) -> None:
    assert names(Reply) == set(REPLY) | set(NOT_KEPT)
    made = [Reply(text="t", tokens_in=1, tokens_out=2, seconds=3.5, finish="f", logprobs={"x": -1.0})]
    made += [dataclasses.replace(made[0], **{name: value}) for name, values in REPLY.items() for value in values]
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        for number, reply in enumerate(made):
            cache.put(number.to_bytes(2), reply)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert [cache.get(n.to_bytes(2)) for n in range(len(made))] == [replace(r, cached=True) for r in made]
