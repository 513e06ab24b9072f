"""The part of a prompt that other prompts of the same benchmark are likely to share.

It must depend on the prompt alone, never on what was asked before: see design/0002-local-model-determinism.md.
"""

import re

from acidtest.types import Prompt

_SHORTEST = 80
_FIELD = re.compile(r"[A-Z][A-Za-z ]{0,24}:")
_BLANK_LINE = "\n\n"


def shared_head(text: str) -> str:
    r"""Return the start of a prompt up to its last block: instruction and examples, without the item.

    Blocks are parted by blank lines. A field's name at the start of the last block ("Text:") belongs to the head, since
    all items have it. A head of fewer than 80 characters is not worth keeping, and none is returned.

    Example:
        >>> shared_head("Name the intent." + " " * 80 + "\n\nText: wake me at six\nIntent:")[-7:]
        '\n\nText:'
        >>> shared_head("Text: wake me at six\nIntent:")
        ''
    """
    cut = text.rfind(_BLANK_LINE)
    if cut < 0:
        return ""
    cut += len(_BLANK_LINE)
    field = _FIELD.match(text, cut)
    head = text[: field.end() if field else cut]
    return head if len(head) >= _SHORTEST else ""


def shared_messages(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return the same for chat: all messages but the last, and the head of the last."""
    if not prompt.messages:
        return ()
    *before, (role, text) = prompt.messages
    head = shared_head(text)
    if head:
        return (*before, (role, head))
    long_enough = sum(len(text) for _, text in before) >= _SHORTEST
    return tuple(before) if long_enough else ()
