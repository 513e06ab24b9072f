"""A key that a server sends back does not come through, in whatever usual form; and nothing else is taken out."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acidtest.models.failure import HttpReply, failure_of, readable
from acidtest.models.key_mask import answer_without_key, without_key

SIGNS = st.sampled_from("abcXYZ0189-_+/=.~:&%$")
KEYS = st.text(SIGNS, min_size=16, max_size=40).filter(lambda key: len(set(key)) > 8)
FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "url": lambda key: quote(key, safe=""),
    "url, small letters": lambda key: quote_plus(key).lower() if key == key.lower() else quote_plus(key),
    "every sign of a url": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "json, slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "json, all escaped": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "html": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "html, hex": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of the header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 of a name and the key": lambda key: base64.b64encode(f"me:{key}".encode()).decode(),
    "base64 in lines": lambda key: "\n".join(_parts(base64.b64encode(f"x{key}".encode()).decode(), 19)),
    "url-safe base64": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "lines": lambda key: "\n".join(_parts(key, 5)),
    "lines of JSON": lambda key: "\\r\\n  ".join(_parts(key, 7)),
}


def _parts(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=8, deadline=None)
@given(key=KEYS)
@example(key="sk-+aB/9" * 4)
@example(key="/+/+aB9:" * 4)
def test_no_form_of_a_key_comes_through(form: str, key: str) -> None:
    text = FORMS[form](key)
    for shown in (without_key(f"so: {text} .", key), answer_without_key(f"so: {text} .".encode(), key).decode()):
        assert shown.startswith("so: ")
        assert shown.endswith(" .")
        assert "***" in shown
        rest = shown[4:-2].replace("***", "")
        assert text not in shown
        assert len(rest) <= 13 + text.count("\n")  # at the ends of base64: "Bearer ", and what only half a sign tells


@settings(max_examples=30, deadline=None)
@given(text=st.text(), key=KEYS)
def test_what_holds_no_key_is_left_alone(text: str, key: str) -> None:
    if all(form(key) not in text for form in FORMS.values()):
        assert without_key(text, key) == text
        assert answer_without_key(text.encode("utf-8", "replace"), key) == text.encode("utf-8", "replace")


def test_a_short_key_is_a_word_of_answers_and_none_of_errors() -> None:
    assert answer_without_key(b'{"text": "a test"}', "test") == b'{"text": "a test"}'
    assert without_key("wrong key test", "test") == "wrong key ***"
    assert without_key("as it is", "") == "as it is"


@pytest.mark.parametrize("letters", ["nrt", "n", "aBn0"])
def test_a_text_that_is_nearly_a_key_is_searched_in_reasonable_time(letters: str) -> None:
    """A server knows the key: with a gap of line ends wherever one may stand it would be searched for years."""
    key = "sk-" + letters * 8 + "Q"
    gap = "\\n" * 40
    for sign in ("\\n", "\\r\\t", " ", "\\"):
        text = "".join(c + gap + sign for c in key[:-1])
        assert without_key(text, key) == text
        assert answer_without_key(text.encode() * 20, key) == text.encode() * 20


def test_a_key_that_stands_where_the_text_is_cut_does_not_show_by_half() -> None:
    key = "sk-0123456789abcdefghij"
    for spaces in range(270, 300):
        assert "sk-0" not in readable("x" * spaces + key, hidden=key)
    for before in (1190, 16_370):
        said = failure_of(HttpReply(500, {}, b" " * before + key.encode() + b"\n" * 9), hidden=key).what
        assert "sk-0" not in said
