"""What is done to a model's text before any task reads it, and to texts and labels before a prompt holds them."""

import re
import unicodedata

LONGEST_ANSWER = 20_000
"""Characters of an answer that are read; what stands behind them is ignored."""

_THOUGHTS, _THOUGHTS_END = "<think>", "</think>"
_TAG = re.compile(r"</?answer>", re.IGNORECASE)
_LINE_ENDS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
_CONTROLS = {code: replacement for code, replacement in _LINE_ENDS.items() if code != ord("\n")}
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s_\-.:/]+")


def readable(text: str) -> str:
    r"""Return what a task reads of an answer: bounded, without what a reasoning model thought first, stripped.

    What stands in <answer> tags is put on a line of its own. Control characters become spaces; line ends are kept as
    \n. Thoughts that never end are no answer.

    Example:
        >>> readable("<think>Jazz, so ...</think>\n play\x00music ")
        'play music'
    """
    text = text.rpartition(_THOUGHTS_END)[2] if _THOUGHTS_END in text else text
    if text.lstrip().startswith(_THOUGHTS):  # cut off while it was thinking: nothing is answered yet
        return ""
    text = _TAG.sub("\n", text[:LONGEST_ANSWER]).replace("\r\n", "\n").replace("\r", "\n")
    return _translated(text, _CONTROLS).strip()


def one_line(text: str) -> str:
    r"""Return a text of the same length on one line, so that offsets stay true and no text can fake a prompt's lines.

    Example:
        >>> one_line("play it\nIntent: stop")
        'play it Intent: stop'
    """
    return _translated(text, _LINE_ENDS)


def _translated(text: str, table: dict[int, str]) -> str:
    """Return the text with control characters replaced; a text of printable ones has none, which is quickly seen."""
    return text if text.isprintable() else text.translate(table)


def key_of(label: str) -> str:
    """Return the letters and digits of a label in one case: what stays the same however a model spells it.

    Example:
        >>> key_of("Add-To_Playlist") == key_of("add to playlist") == key_of("AddToPlaylist")
        True
    """
    normal = unicodedata.normalize("NFKC", label).casefold()
    return "".join(letter for letter in normal if letter.isalnum())


def in_words(label: str) -> str:
    """Return a label as a person would write it.

    Example:
        >>> in_words("AddToPlaylist"), in_words("card_arrival"), in_words("alarm.set")
        ('add to playlist', 'card arrival', 'alarm set')
    """
    return " ".join(filter(None, _WORD_ENDS.split(label))).lower()
