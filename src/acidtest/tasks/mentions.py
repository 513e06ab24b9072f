"""Reads the entities that an answer names, and finds where they stand in the item's text."""

from collections.abc import Sequence
from dataclasses import dataclass

from acidtest.data.spans import Span
from acidtest.tasks.answer_text import key_of, one_line
from acidtest.tasks.loose_json import Found, Value, find_json

NOWHERE = -1
_TYPE_KEYS = ("type", "label", "entitytype", "category", "tag", "class")
_TEXT_KEYS = ("text", "entity", "name", "mention", "span", "value", "word", "texts", "entities", "names", "mentions")
_WRAPPERS = frozenset(("entities", "namedentities", "answer", "result", "results", "output", "list", "mentions", "ner"))
_LONGEST_TYPE = 100
_MOST_LOCATED = 1000
"""Mentions of one answer, and occurrences of the same words, that are looked at: bounds the work on hostile answers."""


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One entity as an answer names it. `start` is set where the answer says at which character it begins."""

    type: str
    text: str
    start: int | None = None


def read_mentions(text: str, labels: Sequence[str]) -> list[Mention] | str:
    """Return the mentions that an answer lists, or why it cannot be read.

    Read are a list of {"type", "text"} (one JSON object after the other will do), and {type: [texts]}. An entry of
    such a list that names no type or no text is kept as a mention of nothing: it counts as a wrong one. Where the text
    ends in the middle of the list, the entries that are complete are kept; a list that broke off before its first
    entry is unreadable, and so is an answer that holds two different lists.

    Example:
        >>> read_mentions('Here: {"city": ["Rome"]}', ["city"])
        [Mention(type='city', text='Rome', start=None)]
    """
    names = {key_of(label): label for label in labels}
    answers: list[list[Mention]] = []
    loose: list[Mention] = []
    for found in find_json(text):
        single = _single(found.value, names)
        if single is not None and found.complete:
            loose += single
            continue
        mentions = _listed(found, names)
        if mentions is not None and mentions not in answers:
            answers.append(mentions)
    if loose and loose not in answers:
        answers.append(loose)
    if not answers:
        return "holds no list of entities"
    return answers[0] if len(answers) == 1 else "holds two different lists of entities"


def locate(mentions: Sequence[Mention], text: str) -> list[Span]:
    """Return the span of each mention, in the order of the text; what stands nowhere has start and end -1.

    The k-th mention of the same words is their k-th exact occurrence. Whole words come before parts of words, and
    occurrences inside a longer mention of the same answer come after free ones; a stated start is believed where the
    words do stand there.

    Example:
        >>> locate([Mention(type="city", text="Rome"), Mention(type="city", text="Oslo")], "Rome, in Rome")
        [('city', -1, -1), ('city', 0, 4)]
    """
    spans: dict[int, Span] = {}
    taken = bytearray(len(text))
    located = 0
    occurrences: dict[str, list[int]] = {}
    order = sorted(range(len(mentions)), key=lambda k: (mentions[k].start is None, -len(mentions[k].text), k))
    for k in order:
        mention = mentions[k]
        found = NOWHERE
        words = one_line(mention.text).strip()
        if words and located < _MOST_LOCATED:
            if words not in occurrences:
                occurrences[words] = _occurrences(words, text)
            found = _free(mention.start, occurrences[words], len(words), taken, text)
        end = found + len(words) if found != NOWHERE else NOWHERE
        spans[k] = (mention.type, found, end)
        if found != NOWHERE:
            taken[found:end] = b"\1" * len(words)
            located += 1
            occurrences[words].remove(found)
    return sorted(spans.values(), key=lambda span: (span[1], span[2], span[0]))


def _free(stated: int | None, starts: Sequence[int], length: int, taken: bytearray, text: str) -> int:
    """Return the occurrence that a mention stands for: stated, a free whole word, a whole word, a free part, a part."""
    if stated is not None and stated in starts:
        return stated
    best, best_rank = NOWHERE, 4
    for start in starts:
        end = start + length
        rank = 2 * (not _is_word(start, end, text)) + (taken.find(1, start, end) >= 0)
        if rank < best_rank:
            best, best_rank = start, rank
        if rank == 0:
            break
    return best


def _is_word(start: int, end: int, text: str) -> bool:
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not (before or after)


def _occurrences(words: str, text: str) -> list[int]:
    starts: list[int] = []
    at = text.find(words)
    while at >= 0 and len(starts) < _MOST_LOCATED:
        starts.append(at)
        at = text.find(words, at + 1)
    return starts


def _listed(found: Found, names: dict[str, str]) -> list[Mention] | None:
    """Return the mentions of one list or object; None where it is no list of entities."""
    value = found.value
    if isinstance(value, tuple):
        inner = [entry for key, entry in value if key_of(key) in _WRAPPERS and isinstance(entry, list | tuple)]
        if len(inner) == 1 and not any(key_of(key) in names for key, _ in value):
            return _listed(Found(value=inner[0], complete=found.complete), names)
        mentions = _by_type(value, names)
    elif isinstance(value, list) and all(isinstance(entry, tuple) for entry in value):
        mentions = [mention for entry in value for mention in _entry(entry, names)]
    else:
        return None
    return mentions if mentions or found.complete else None


def _by_type(pairs: tuple[tuple[str, Value], ...], names: dict[str, str]) -> list[Mention] | None:
    mentions: list[Mention] = []
    for key, entry in pairs:
        texts = [] if entry is None else entry if isinstance(entry, list) else [entry]
        if not all(isinstance(text, str) for text in texts):
            return None
        mentions += [Mention(type=_type(key, names), text=str(text)) for text in texts if text]
    return mentions


def _single(value: Value, names: dict[str, str]) -> list[Mention] | None:
    """Return the mentions of an object that is one entry, as in lists written without brackets."""
    if not isinstance(value, tuple) or not any(key_of(key) in _TYPE_KEYS for key, _ in value):
        return None
    if any(key_of(key) in names for key, _ in value):
        return None
    return _entry(value, names)


def _entry(value: Value, names: dict[str, str]) -> list[Mention]:
    """Return the mentions of one entry of a list; an entry that cannot be read is a mention of nothing."""
    pairs = value if isinstance(value, tuple) else ()
    fields = {key_of(key): entry for key, entry in reversed(pairs)}
    kind = next((fields[key] for key in _TYPE_KEYS if isinstance(fields.get(key), str)), None)
    words = next((fields[key] for key in _TEXT_KEYS if isinstance(fields.get(key), str | list)), None)
    if isinstance(kind, str) and isinstance(words, str | list):
        texts = words if isinstance(words, list) else [words]
        start = fields.get("start")
        start = start if isinstance(start, int) and not isinstance(start, bool) and len(texts) == 1 else None
        return [
            Mention(type=_type(kind, names), text=text if isinstance(text, str) else "", start=start) for text in texts
        ]
    by_type = _by_type(pairs, names) if pairs and all(key in names for key in fields) else None
    return [Mention(type="", text="")] if by_type is None else by_type


def _type(name: str, names: dict[str, str]) -> str:
    return names.get(key_of(name), name[:_LONGEST_TYPE])
