"""Items from files: every format gives the same items, and every flaw is told with its place and a way out."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acidtest.data import file_row
from acidtest.data.read import check_items, read_item_records, read_items, read_rows, write_records
from acidtest.errors import DataError
from acidtest.types import Item, ItemShape, Provenance, RejectedCandidate

INTENT = ItemShape(inputs=("text",), target="label")
PAIR = ItemShape(inputs=("sentence1", "sentence2"), target="score")
NER = ItemShape(inputs=("text",), target="spans")

ROWS: list[dict[str, object]] = [
    {"id": "a", "text": 'say "hi", then\nleave', "label": "greet", "topic": "talk"},
    {"id": "b", "text": "über-näïve 官方 😀", "label": "other, really", "topic": None},
    {"id": "c", "text": "  blanks  stay ", "label": "greet", "topic": "talk"},
]
PAIRS: list[dict[str, object]] = [
    {"id": "1", "sentence1": "A dog runs.", "sentence2": "A dog is running.", "score": 4.75},
    {"id": "2", "sentence1": "A dog runs.", "sentence2": "Rain.", "score": 0.0},
]
MARKED: list[dict[str, object]] = [
    {"id": "1", "text": "Ada met Bob.", "spans": [["PER", 8, 11], ["PER", 0, 3]]},
    {"id": "2", "text": "Nobody.", "spans": []},
]


def as_jsonl(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_json(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows, indent=1).encode()


def as_csv(rows: list[dict[str, object]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()})
    return out.getvalue().encode()


def as_tsv(rows: list[dict[str, object]]) -> bytes:
    return as_csv(rows, "\t")


def as_parquet(rows: list[dict[str, object]]) -> bytes:
    columns = {
        name: [json.dumps(row[name]) if isinstance(row[name], list) else row[name] for row in rows] for name in rows[0]
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


FORMATS: dict[str, Callable[[list[dict[str, object]]], bytes]] = {
    ".jsonl": as_jsonl,
    ".json": as_json,
    ".csv": as_csv,
    ".tsv": as_tsv,
    ".parquet": as_parquet,
}


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("ending", [*FORMATS, ".jsonl.gz", ".json.gz", ".csv.gz", ".tsv.gz"])
@pytest.mark.parametrize(("shape", "rows"), [(INTENT, ROWS), (PAIR, PAIRS), (NER, MARKED)])
def test_every_format_gives_the_same_items(
    tmp_path: Path, ending: str, shape: ItemShape, rows: list[dict[str, object]]
) -> None:
    path = put(tmp_path, f"items{ending}", FORMATS[ending.removesuffix(".gz")](rows))
    expected = [
        Item(
            id=str(row["id"]),
            input={field: str(row[field]) for field in shape.inputs},
            target=[["PER", 0, 3], ["PER", 8, 11]] if row.get("spans") else row[shape.target],
            topic=None if row.get("topic") is None else str(row["topic"]),
        )
        for row in rows
    ]
    assert read_items(path, shape) == expected


def test_columns_are_mapped_and_ids_are_made(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.csv.gz", b"utterance,intent,group\nplay jazz,music,g1\nstop,halt,\n")
    items = read_items(path, INTENT, {"text": "utterance", "label": "intent", "bundle": "group"})
    assert items == [
        Item(id="mine-1", input={"text": "play jazz"}, target="music", bundle="g1"),
        Item(id="mine-2", input={"text": "stop"}, target="halt"),
    ]


def test_numbers_become_text_where_text_is_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path, "n.jsonl", b'{"id": 7, "text": 12, "label": 3}\n{"id": 8, "text": 1.5, "label": true}\n')
    items = read_items(path, INTENT)
    assert [(i.id, i.input["text"], i.target) for i in items] == [("7", "12", "3"), ("8", "1.5", "true")]


def test_a_score_that_is_no_number_stays_for_the_task_to_refuse(tmp_path: Path) -> None:
    path = put(tmp_path, "p.csv", b"sentence1,sentence2,score\na,b,high\na,c,9\na,d,inf\n")
    assert [item.target for item in read_items(path, PAIR)] == ["high", 9.0, "inf"]


def test_byte_order_mark_blank_lines_and_windows_line_ends_are_passed_over(tmp_path: Path) -> None:
    path = put(tmp_path, "w.csv", b"\xef\xbb\xbftext,label\r\n\r\nhello,greet\r\n")
    assert read_items(path, INTENT) == [Item(id="w-1", input={"text": "hello"}, target="greet")]
    path = put(tmp_path, "w.jsonl", b'\xef\xbb\xbf{"text": "hello", "label": "greet"}\r\n\r\n')
    assert read_items(path, INTENT) == [Item(id="w-1", input={"text": "hello"}, target="greet")]


CONLL = """-DOCSTART- -X- O

# a comment
Ada NNP B-PER
Lovelace NNP I-PER
wrote VBD O

# O
tag NN O


Paris\u00a0X NNP B-LOC
"""


@pytest.mark.parametrize("ending", [".conll", ".bio", ".txt", ".conll.gz"])
def test_conll_columns_become_texts_with_spans(tmp_path: Path, ending: str) -> None:
    items = read_items(put(tmp_path, f"s{ending}", CONLL.encode()), NER)
    assert [(i.id, i.input["text"], i.target) for i in items] == [
        ("s-1", "Ada Lovelace wrote", [["PER", 0, 12]]),
        ("s-2", "# tag", []),
        ("s-3", "Paris\u00a0X", [["LOC", 0, 7]]),
    ]


def test_tokens_and_tags_may_be_lists_or_words(tmp_path: Path) -> None:
    as_lists = put(tmp_path, "t.jsonl", b'{"words": ["New", "York"], "bio": ["B-LOC", "I-LOC"]}\n')
    as_words = put(
        tmp_path, "t.csv", b'words,bio\nNew York,B-LOC I-LOC\n"[""New"",""York""]","[""B-LOC"",""I-LOC""]"\n'
    )
    columns = {"tokens": "words", "tags": "bio"}
    expected = ("New York", [["LOC", 0, 8]])
    for path in (as_lists, as_words):
        assert {(i.input["text"], str(i.target)) for i in read_items(path, NER, columns)} == {
            (expected[0], str(expected[1]))
        }


@pytest.mark.parametrize(
    "span",
    [
        ["PER", 8, 11],
        [8, 11, "PER"],
        {"type": "PER", "start": 8, "end": 11},
        {"label": "PER", "start": 8, "end": 11, "text": "Bob"},
    ],
)
def test_spans_are_read_as_others_write_them(tmp_path: Path, span: object) -> None:
    path = put(tmp_path, "s.jsonl", json.dumps({"text": "Ada met Bob.", "spans": [span]}).encode())
    assert read_items(path, NER)[0].target == [["PER", 8, 11]]


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (["PER", 8, 13], "outside its text of 12 characters"),
        (["PER", 3, 3], "outside its text"),
        (["PER", -1, 3], "outside its text"),
        (["PER", 0.0, 3], "is not a span"),
        (["PER", True, 3], "is not a span"),
        (["", 0, 3], "is not a span"),
        (["PER", 0], "is not a span"),
        # the end that names the last character instead of the one after it
        ({"type": "PER", "start": 8, "end": 10, "text": "Bob"}, "says 'Bob', its text there is 'Bo'"),
    ],
)
def test_a_wrong_span_is_told_with_its_line(tmp_path: Path, span: object, message: str) -> None:
    path = put(tmp_path, "s.jsonl", json.dumps({"text": "Ada met Bob.", "spans": [span]}).encode())
    with pytest.raises(DataError, match=message) as error:
        read_items(path, NER)
    assert error.value.where.endswith("s.jsonl line 1")
    assert error.value.way_out


FLAWS: list[tuple[str, bytes, str, str, str]] = [
    ("a.jsonl", b'{"text": "x", "label": "y"}\n{"text": "x"\n', "broken JSON", "line 2", "Mend"),
    ("a.jsonl", b"[1]\n", "not a JSON object but an array", "line 1", "column"),
    ("a.json", b'[{"text": "x", "label": "y"}, 3]', "not a JSON object but a number", "element 2", "column"),
    ("a.jsonl", b'{"text": "x", "label": NaN}\n', "broken JSON", "line 1", "Mend"),
    ("a.jsonl", b'{"txt": "x", "label": "y"}\n', "no column 'text'", "line 1", "Did you mean 'txt'"),
    ("a.jsonl", b'{"text": "x", "label": null}\n', "'label' is empty", "line 1", "Fill"),
    ("a.jsonl", b'{"text": " ", "label": "y"}\n', "'text' is empty", "line 1", "Fill"),
    ("a.jsonl", b'{"text": ["x"], "label": "y"}\n', "'text' is not a text", "line 1", "texts"),
    ("a.jsonl", b"", "holds no items", "a.jsonl", "Name"),
    ("a.jsonl", b'{"text": "\xe9", "label": "y"}\n', "byte 11 of the line is not UTF-8", "line 1", "UTF-8"),
    ("a.jsonl", '{"text": "x"}'.encode("utf-16"), "looks like UTF-16", "line 1", "UTF-8"),
    (
        "a.jsonl",
        b'{"id": 1, "text": "x", "label": "y"}\n{"id": "1", "text": "z", "label": "y"}\n',
        "two items have the id '1'",
        "line 1 and",
        "leave the column out",
    ),
    ("a.csv", b"", "holds no items", "a.csv", "Name"),
    ("a.csv", b"text,label\n", "holds no items", "a.csv", "Name"),
    ("a.csv", b"text,text,label\nx,y,z\n", "two columns are called 'text'", "line 1", "Rename"),
    ("a.csv", b'text,label\n"a\nb",y\nx,y,z\n', "3 values for 2 columns", "line 4", "Quote"),
    ("a.csv", b'text,label\n"x"y,z\n', "broken CSV", "line 2", "Quote"),
    ("a.csv", b'text,label\n"x,z\n', "broken CSV", "line 2", "Quote"),
    ("a.csv", b"text;label\nx;y\n", "no column 'text'", "line 2", "Columns here: text;label"),
    ("a.conll", b"Ada\n", "only one column", "line 1", "tag"),
    ("a.conll", b"x O\n\nAda PER\n", "'PER' is not a tag", "line 3", "B-PER"),
    ("a.parquet", b"PAR1 no", "not a readable Parquet file", "a.parquet", "again"),
    ("a.xlsx", b"x", "'a.xlsx' has no known end", "a.xlsx", ".jsonl"),
]


@pytest.mark.parametrize(("name", "content", "what", "where", "way_out"), FLAWS)
def test_every_flaw_names_its_place_and_a_way_out(
    tmp_path: Path, name: str, content: bytes, what: str, where: str, way_out: str
) -> None:
    shape = NER if name.endswith(".conll") else INTENT
    with pytest.raises(DataError) as error:
        read_items(put(tmp_path, name, content), shape)
    assert what in error.value.what
    assert where in error.value.where
    assert way_out in error.value.way_out


def test_files_that_are_not_what_their_name_says(tmp_path: Path) -> None:
    packed = gzip.compress(as_jsonl(ROWS))
    for name, content, what in [
        ("plain.jsonl.gz", as_jsonl(ROWS), "is not a gzip file"),
        ("packed.jsonl", packed, "is packed with gzip"),
        ("half.jsonl.gz", packed[: len(packed) // 2], "is a broken gzip file"),
        ("bent.jsonl.gz", packed[:-8] + b"\0" * 8, "is a broken gzip file"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=what):
            read_items(tmp_path / name, INTENT)
    for missing in ("none.jsonl", "none.parquet", "none.csv.gz"):
        with pytest.raises(DataError, match=f"there is no file '{missing}'"):
            read_items(tmp_path / missing, INTENT)
    with pytest.raises(DataError, match="no Parquet files"):
        read_items(tmp_path, INTENT)


def test_a_column_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", b"text,label\nx,y\n")
    with pytest.raises(DataError, match="no column 'grp'"):
        read_items(path, INTENT, {"bundle": "grp"})
    with pytest.raises(DataError, match="'texts' is not a field") as error:
        read_items(path, INTENT, {"texts": "text"})
    assert "Did you mean 'text'?" in error.value.way_out


def test_long_lines_and_endless_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = put(tmp_path, "long.jsonl.gz", b'{"text": "' + b"x" * file_row.MAX_LINE + b'"}')
    with pytest.raises(DataError, match="a line of more than 16 MB"):
        read_items(long, INTENT)
    monkeypatch.setattr(file_row, "MAX_ROWS", 2)
    for ending, write in FORMATS.items():
        with pytest.raises(DataError, match="more than 2 rows"):
            list(read_rows(put(tmp_path, f"many{ending}", write(ROWS))))
    monkeypatch.setattr(file_row, "MAX_BYTES", 20)
    with pytest.raises(DataError, match="more than 0 GB"):
        list(read_rows(put(tmp_path, "big.jsonl", as_jsonl(ROWS))))


RECORDS = [
    Item(id="1", input={"text": "é\n"}, target="a", bundle="b", edit="original"),
    Item(
        id="2",
        input={"text": "x", "context": "y"},
        target=[["PER", 0, 1]],
        provenance=Provenance(generator="m", revision="r", strategy="few_shot", prompt="p", call=0, seed=3, drawn=2.5),
    ),
    Item(id="3", input={"text": "z"}, target=None),
]


def test_our_own_items_survive_writing_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "new" / "items.jsonl"
    write_records(path, RECORDS)
    assert read_item_records(path) == RECORDS
    content = path.read_bytes()
    write_records(path, read_item_records(path))
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["items.jsonl"]
    write_records(path, [])
    assert read_item_records(path) == []


def test_other_records_are_written_the_same_way(tmp_path: Path) -> None:
    provenance = Provenance(generator="m", revision="r", strategy="few_shot", prompt="p", call=0, seed=3)
    rejected = [RejectedCandidate(reason="near copy", text="\x1b[2J\n", provenance=provenance)]
    write_records(tmp_path / "rejected.jsonl", rejected)
    lines = (tmp_path / "rejected.jsonl").read_text("utf-8").splitlines()
    assert [RejectedCandidate.model_validate_json(line) for line in lines] == rejected


def test_our_own_items_are_read_where_items_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    write_records(path, RECORDS[:2])
    assert read_items(path, INTENT) == RECORDS[:2]
    with pytest.raises(DataError, match="the item's input has no 'sentence1'"):
        read_items(path, PAIR)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"id": "1", "target": "a"}', "'input': Field required"),
        (b'{"id": "1", "input": {"text": 3}, "target": "a"}', "'input.text'"),
        (b'{"id": "1", "input": {"text": "x"}, "target": "a", "lable": 1}', "'lable': Extra inputs"),
    ],
)
def test_a_record_that_is_no_item_is_refused(tmp_path: Path, line: bytes, what: str) -> None:
    path = put(tmp_path, "items.jsonl", line)
    with pytest.raises(DataError, match="not an item") as error:
        read_item_records(path)
    assert what in error.value.what
    assert error.value.where.endswith("line 1")


def test_labels_outside_the_list_are_refused() -> None:
    items = [Item(id="1", input={"text": "x"}, target="play_music"), Item(id="2", input={"text": "y"}, target="sport")]
    check_items(items, [], "a file")
    check_items(items, ["sport", "play_music"], "a file")
    with pytest.raises(DataError, match="'sport' is not a label") as error:
        check_items(items, ["play_music", "sports"], "real.jsonl")
    assert error.value.where == "real.jsonl, item '2'"
    assert "Did you mean 'sports'?" in error.value.way_out
    marked = [Item(id="1", input={"text": "Ada"}, target=[["PER", 0, 3]])]
    check_items(marked, ["PER"], "a file")
    with pytest.raises(DataError, match="'PER' is not a label"):
        check_items(marked, ["LOC"], "a file")
    with pytest.raises(DataError, match="two items have the id '1'"):
        check_items([*items, items[0]], [], "a file")
    with pytest.raises(DataError, match="there are no items"):
        check_items([], [], "a file")


@pytest.mark.parametrize("field", ["label", "id", "text", "more"])
def test_json_nested_without_end_is_refused(tmp_path: Path, field: str) -> None:
    rows = {"text": '"x"', "label": '"y"', field: "[" * 900 + "]" * 900}
    path = tmp_path / "items.jsonl"
    path.write_text("{" + ", ".join(f'"{name}": {value}' for name, value in rows.items()) + "}\n")
    with pytest.raises(DataError, match="nested more than 100 deep") as raised:
        read_items(path, INTENT)
    assert raised.value.where == f"{path} line 1"


def test_spans_as_text_nested_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("text,spans\nx," + "[" * 900 + "]" * 900 + "\n")
    with pytest.raises(DataError, match="nested more than 100 deep"):
        read_items(path, NER)


def test_parquet_texts_and_dates_that_are_none_are_refused(tmp_path: Path) -> None:
    raw = pa.array([b"\xff"], pa.binary())
    bad = {
        "text": pa.StringArray.from_buffers(1, raw.buffers()[1], raw.buffers()[2]),
        "date": pa.array([2**30], pa.date32()),
    }
    for name, column in bad.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"text": column, "label": ["y"]}), path)
        with pytest.raises(DataError, match="not a readable Parquet file"):
            read_items(path, INTENT)


@pytest.mark.parametrize("feature", [5, "x", [], {"feature": 5}, {"feature": []}, {"names": [{}]}])
def test_a_schema_that_describes_other_columns_is_passed_over(tmp_path: Path, feature: object) -> None:
    path = tmp_path / "items.parquet"
    table = pa.table({"text": ["x"], "label": ["y"], "list": [[1]], "struct": [{"a": 1}]})
    features = dict.fromkeys(table.column_names, feature)
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert [(item.input["text"], item.target) for item in read_items(path, INTENT)] == [("x", "y")]
