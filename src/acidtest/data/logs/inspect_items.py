"""What tells one sample of Inspect's logs from others, the same in every log of the same data."""

from collections.abc import Mapping
from typing import Any

from acidtest.data.logs.bounded import content_hash, elements, mapping, name


class ItemNames:
    """Names the samples of one log.

    An id that is a text is the data's own, and is the item. A whole number may be the data's, or may be the place of
    the sample in the data as it was shuffled for this run: Inspect numbers samples without id after shuffling
    (inspect_ai 0.3.285, `_eval/run.py`), and no log says which. So such items are named by a hash of their content,
    which does not depend on the order of samples or of choices.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._met: dict[str, int] = {}

    def of(self, sample: Mapping[str, Any]) -> str:
        """Return the item of a sample; "" where it has no id.

        Samples of one content are told apart by a number, in the order they come; epochs of one id are one item.
        """
        known = sample.get("id")
        if isinstance(known, str):
            return name(known)
        if not isinstance(known, int) or isinstance(known, bool):
            return ""
        if known not in self._names:
            content = _content(sample)
            self._met[content] = met = self._met.get(content, 0) + 1
            self._names[known] = content if met == 1 else f"{content}-{met}"
        return self._names[known]


def _content(sample: Mapping[str, Any]) -> str:
    choices = elements(sample.get("choices"))
    targets = [t for t in elements(sample.get("target")) or [sample.get("target")] if isinstance(t, str)]
    # Shuffled choices come with other letters: what they stand for stays.
    meant = [choices[at] if (at := _place(t)) is not None and at < len(choices) else t for t in targets]
    return content_hash(
        _said(sample.get("input")),
        sorted(map(str, choices)),
        sorted(map(str, meant)),
        sorted(map(str, elements(sample.get("files")))),
        sample.get("setup") or "",
    )


def _place(letter: str) -> int | None:
    """Return which choice a letter stands for, A for the first; None for all else."""
    return ord(letter) - ord("A") if len(letter) == 1 and "A" <= letter <= "Z" else None


def _said(given: object) -> object:
    """Return what was asked, without the ids that each run gives its messages anew."""
    if not isinstance(given, list):
        return given
    messages = map(mapping, given)
    return [[message.get("role"), _words(message.get("content"))] for message in messages]


def _words(content: object) -> object:
    if not isinstance(content, list):
        return content
    kept = ("type", "text", "image", "audio", "video", "document", "data")
    return [{key: part[key] for key in kept if part.get(key) is not None} for part in map(mapping, content)]
