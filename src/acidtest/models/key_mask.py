r"""Takes a key out of what a server sent back: some echo headers, and what they send ends in files that are shared."""

import base64
import re
from functools import lru_cache
from urllib.parse import quote

MASK = "***"
LEAST = 16
"""Characters of a key that is looked for in answers: a shorter one, such as `test`, may be a word of theirs."""

_LEAST_IN_ERRORS = 8
_PROBE = 4
_ENDS = "nrt"
_GAP = rf"(?:\s|\\[{_ENDS}]){{0,80}}"
"""What may stand between two characters of a key that is broken over lines, also in JSON that is shown as it is."""


def without_key(text: str, key: str) -> str:
    r"""Return an error's text without the key: plain, broken over lines, in escapes of URLs, JSON or HTML, hex, base64.

    Example:
        >>> without_key("no: sk-12345678\n9 or sk%2D123456789", "sk-123456789")
        'no: *** or ***'
    """
    if not key:
        return text
    return text.replace(key, MASK) if len(key) < _LEAST_IN_ERRORS else _pattern(key).sub(MASK, text)


def answer_without_key(body: bytes, key: str) -> bytes:
    """Return an answer's bytes without the key, in the same forms, as long as their first four characters are whole.

    Keys shorter than 16 characters are left: they are no secret, and could be a part of an honest answer.
    """
    if len(key) < LEAST or not any(probe in body for probe in _probes(key)):
        return body
    return _byte_pattern(key).sub(MASK.encode(), body)


@lru_cache(maxsize=64)
def _pattern(key: str) -> re.Pattern[str]:
    forms = [_GAP.join(map(_escaped, key)), *(_GAP.join(map(_of_base64, form)) for form in _base64_forms(key))]
    return re.compile("|".join([*forms, f"(?i:{key.encode().hex()})"]))


@lru_cache(maxsize=64)
def _byte_pattern(key: str) -> re.Pattern[bytes]:
    return re.compile(_pattern(key).pattern.encode())


@lru_cache(maxsize=64)
def _probes(key: str) -> tuple[bytes, ...]:
    """Return strings of which every form of the key holds one: looked for first, in a hundredth of the time."""
    number, start = ord(key[0]), key[:_PROBE]
    plain = [start, quote(key, safe="")[:_PROBE], start.encode().hex(), start.encode().hex().upper()]
    plain += [key[: place + 1].replace("/", "\\/") for place in range(_PROBE) if key[place] == "/"]
    coded = [form[:_PROBE] for form in _base64_forms(key)]
    coded += [form.replace("+", "-").replace("/", "_") for form in coded]
    signs = [
        f"%{number:02x}",
        f"%{number:02X}",
        f"\\u{number:04x}",
        f"\\u{number:04X}",
        f"&#{number};",
        f"&#x{number:x};",
    ]
    return tuple(dict.fromkeys(form.encode() for form in (*plain, *coded, *signs)))


def _escaped(sign: str) -> str:
    """Return a pattern of one character as it is, or escaped as in URLs, JSON or HTML."""
    number = ord(sign)
    before = "" if sign in _ENDS else r"\\?"  # where both could take a sign, a hostile text takes for ever to search
    return rf"(?:{before}{re.escape(sign)}|(?i:%{number:02x}|\\u{number:04x}|&#{number};|&#x{number:x};))"


def _base64_forms(key: str) -> list[str]:
    """Return the parts of base64 that depend on the key alone, for each of three places where it may begin."""
    forms = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + key.encode()).decode()
        forms.append(encoded[-(-before * 8 // 6) : (before + len(key)) * 8 // 6])
    return forms


def _of_base64(sign: str) -> str:
    return {"+": r"[+-]", "/": "[/_]"}.get(sign, re.escape(sign))
