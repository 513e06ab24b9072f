"""Tags to spans: the same spans as seqeval and nervaluate find, and offsets that cut out exactly the span."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate.utils import collect_named_entities
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB2, Entities

from acidtest.data.read import read_items, read_rows
from acidtest.data.spans import character_spans, tag_spans
from acidtest.errors import DataError
from acidtest.types import ItemShape

NER = ItemShape(inputs=("text",), target="spans")


def tags_of(prefixes: str) -> st.SearchStrategy[list[str]]:
    marked = st.builds("{}-{}".format, st.sampled_from(prefixes), st.sampled_from(["PER", "LOC", "a-b"]))
    return st.lists(st.one_of(st.just("O"), marked), min_size=1, max_size=12)


@given(tags_of("BIES"))
def test_any_tags_give_the_spans_that_seqeval_finds(tags: list[str]) -> None:
    theirs = [(kind, first, last + 1) for kind, first, last in get_entities(tags)]
    assert tag_spans(tags) == theirs


@given(tags_of("BILU"))
def test_bilou_is_bioes_by_other_letters(tags: list[str]) -> None:
    letters = str.maketrans({"L": "E", "U": "S"})
    theirs = get_entities([tag[0].translate(letters) + tag[1:] for tag in tags])
    assert tag_spans(tags) == [(kind, first, last + 1) for kind, first, last in theirs]


@given(tags_of("BI"))
def test_bio_iob1_and_io_give_the_spans_that_nervaluate_finds(tags: list[str]) -> None:
    theirs = [(entity["label"], entity["start"], entity["end"] + 1) for entity in collect_named_entities(tags)]
    assert tag_spans(tags) == theirs


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-PER", "I-PER", "B-PER", "O", "B-LOC"], IOB2),
        (["U-PER", "B-LOC", "I-LOC", "L-LOC", "O", "U-LOC", "U-LOC"], BILOU),
    ],
)
def test_well_formed_tags_give_the_spans_of_the_strict_scheme(tags: list[str], scheme: object) -> None:
    theirs = [(entity.tag, entity.start, entity.end) for entity in Entities([tags], scheme).entities[0]]
    assert tag_spans(tags) == theirs


def test_iob1_needs_b_only_between_neighbours() -> None:
    # Tjong Kim Sang and Veenstra 1999: in IOB1, B marks only the start of a chunk that follows one of its own type.
    assert tag_spans(["I-PER", "I-PER", "B-PER", "O", "I-LOC"]) == [("PER", 0, 2), ("PER", 2, 3), ("LOC", 4, 5)]


@given(tags_of("BIES"), st.data())
def test_offsets_cut_out_exactly_the_tokens_of_the_span(tags: list[str], data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.text("aé官😀.", min_size=1, max_size=3), min_size=len(tags), max_size=len(tags)))
    text, spans = character_spans(tokens, tags)
    assert text == " ".join(tokens)
    assert [(kind, text[start:end]) for kind, start, end in spans] == [
        (kind, " ".join(tokens[first:after])) for kind, first, after in tag_spans(tags)
    ]


@pytest.mark.parametrize("tag", ["", "B", "PER", "X-PER", "B-", "b-PER"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(DataError, match="is not a tag"):
        tag_spans(["O", tag])


def test_tokens_and_tags_must_pair() -> None:
    with pytest.raises(DataError, match="2 tokens but 1 tags"):
        character_spans(["a", "b"], ["O"])
    with pytest.raises(DataError, match="a token is empty"):
        character_spans(["a", ""], ["O", "O"])


def test_real_sentences_give_the_spans_that_seqeval_finds(real_data: Path) -> None:
    for path in (real_data / "wikigold" / "wikigold.jsonl.gz", real_data / "crossner" / "politics.test.jsonl.gz"):
        sentences = [(row.values["tokens"], row.values["tags"]) for row in read_rows(path)]
        items = read_items(path, NER)
        assert len(items) == len(sentences) > 0
        for item, (tokens, tags) in zip(items, sentences, strict=True):
            assert isinstance(tokens, list)
            assert isinstance(tags, list)
            assert isinstance(item.target, list)
            marked = [(span[0], item.input["text"][span[1] : span[2]]) for span in item.target]  # type: ignore[index]  # spans are lists
            assert marked == [(kind, " ".join(tokens[a : b + 1])) for kind, a, b in get_entities(tags)]
