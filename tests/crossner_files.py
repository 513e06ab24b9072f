"""Reads CrossNER's files, for tests alone: tokens joined by single spaces, BIO tags as character spans."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from acidtest.types import Item


def read_crossner(path: Path) -> Iterator[Item]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            spans: list[list[str | int]] = []
            at = 0
            for token, tag in zip(row["tokens"], row["tags"], strict=True):
                if tag.startswith("B-"):
                    spans.append([tag[2:], at, at + len(token)])
                elif tag.startswith("I-"):
                    spans[-1][2] = at + len(token)
                at += len(token) + 1
            yield Item(id=row["id"], input={"text": " ".join(row["tokens"])}, target=spans)
