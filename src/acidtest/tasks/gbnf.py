"""GBNF, the grammars by which llama.cpp holds a model to a format."""

from collections.abc import Iterable

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_FIRST_PRINTABLE, _DELETE, _LAST_ASCII, _LAST_BMP = 0x20, 0x7F, 0x7E, 0xFFFF


def literal(text: str) -> str:
    r"""Return a GBNF string that stands for exactly this text.

    Example:
        >>> literal('say "hi"')
        '"say \\"hi\\""'
    """
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def one_of(texts: Iterable[str]) -> str:
    """Return the GBNF for any one of these texts.

    Example:
        >>> one_of(["a", "b"])
        '("a" | "b")'
    """
    return "(" + " | ".join(literal(text) for text in texts) + ")"


def _escaped(letter: str) -> str:
    code = ord(letter)
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if _FIRST_PRINTABLE <= code <= _LAST_ASCII:
        return letter
    if code <= _DELETE:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= _LAST_BMP else f"\\U{code:08X}"
