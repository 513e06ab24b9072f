"""JSON on the terminal: UTF-8 whatever the terminal's encoding, and nothing in it that could steer a terminal."""

import re

import typer

_STEERING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""JSON escapes the control characters of ASCII itself; these others may stand in it as they are."""


def echo_json(content: bytes) -> None:
    """Write JSON to the terminal; what could steer it, or turn the direction of reading, is escaped as JSON can."""
    typer.echo(steady(content.decode("utf-8")).encode("utf-8"), nl=False)


def steady(text: str) -> str:
    r"""Return the same JSON without characters that steer a terminal.

    Example:
        >>> steady('{"name": "\x9b31m"}')
        '{"name": "\\u009b31m"}'
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
