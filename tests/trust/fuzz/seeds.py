"""Whole files that readers are given in broken form: those of a run that was really made, and small ones."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from acidtest.data.run_folder import RunFolder
from acidtest.models.batches.journal import BatchJournal
from acidtest.models.cache import ResponseCache
from acidtest.review.exchange.files import export_file
from acidtest.types import Rating, Reply
from crash_study import Trial, crash_server
from review_plan import plan, rubric

Row = Mapping[str, object]

INTENTS: Sequence[Row] = [
    {"id": f"i{n}", "text": f"play song {n} \u00e9", "label": ("music", "weather")[n % 2], "topic": "t",
     "bundle": f"b{n // 2}", "edit": ("original", "negated")[n % 2]}
    for n in range(4)
]  # fmt: skip
READING: Sequence[Row] = [
    {"id": "r0", "passage": "It rained. We stayed in.", "question": "Did it rain?", "answer": "Yes"},
    {"id": "r1", "passage": "Nobody came.", "question": "Who came?", "answer": "nobody"},
]
CHOICES: Sequence[Row] = [
    {"id": "c0", "question": "Red?", "choices": ["a", "b", "c"], "answer": "A"},
    {"id": "c1", "question": "Blue?", "choices": ["d", "e", "f"], "answer": "B"},
]
NER: Sequence[Row] = [{"id": "n0", "text": "Ann met Bob", "entities": '[["person", 0, 3]]'}]
SIMILAR: Sequence[Row] = [{"id": "s0", "sentence1": "A dog.", "sentence2": "A cat.", "score": 1.5}]
MATH: Sequence[Row] = [
    {"id": "m0", "question": "1 + 1?", "answer": "2"},
    {"id": "m1", "question": "2 * 3?", "answer": "6"},
]
CONLL = b"Ann B-person\nmet O\nRome B-place\n\nBob B-person\n\n"
SCORES: Sequence[Row] = [
    {"benchmark": b, "model": m, "item": f"{b}{i}", "score": (i + k) % 3 / 2, "kind": ("real", "synthetic")[b == "s"],
     "generator": "g" if b == "s" else "", "bundle": f"u{i // 2}", "topic": "t", "stats": [1, i % 2],
     "metric": "accuracy", "prediction": "a b"[:i], "target": "a", "weight": 1.5}
    for b in "rs" for k, m in enumerate("xyz") for i in range(4)
]  # fmt: skip
BANK: Sequence[Row] = [
    {"benchmark": "r", "item": f"r{i}", "discrimination": 1.0 + i, "difficulty": i - 1.5, "guess": 0.1, "residual": 0.2,
     "discrimination_se": 0.2, "difficulty_se": 0.3, "solvers": 9, "model": "2pl", "content": "ab"}
    for i in range(3)
]  # fmt: skip
RATED: Sequence[Row] = [
    {"benchmark": "real-set", "item": f"ask-{i}", "rater": who, "clear": "yes", "right": "no", "natural": "1"}
    for i in range(2)
    for who in ("ann", "bob")
]  # fmt: skip
TEXTS = {
    "study.yaml": b"""study: s
task: intent
labels: [music, weather]
real: {path: real.jsonl, pool: pool.jsonl, columns: {text: utterance}}
models:
  good: {use: "openai:gpt", base_url: "http://127.0.0.1:9/v1", connections: 4, price_in: 1, price_out: 2}
generators:
  - {model: good, items: 24, options: {a: [1, 2]}}
synthetic: [{name: given, path: a.jsonl}]
solvers: [good, {model: "classic:majority", shots: 2}]
validity: {judges: [good], items: 8}
adaptive: {items: 5, exposure: {share: .5}}
limits: {max_cost: 1.5}
""",
    "prices.yaml": b"openai:gpt: {in: 0.15, out: 0.6}\nother: &a {in: 1, out: 2}\nlast: *a\n",
    "prices.json": b'{"openai:gpt": {"in": 0.15, "out": 0.6}}',
    "prompt.v1.md": b"# T\n\nabout\n\n## chat_system\n\n{description} {labels}\n\n## chat_item\n\nText: {text}\n",
    "page.html": b"""<!doctype html><html><head><title>T</title><meta charset="utf-8"></head><body><h1>A</h1>
<p>One &amp; two. <b>Three</b></p><ul><li>x<li>y</ul><table><tr><td>1</td></tr></table><pre> a</pre></body></html>""",
    "page.md": b"# A\n\nText with **bold** and [a link](http://x).\n\n- one\n\n| a |\n|---|\n| 1 |\n\n```\ncode\n```\n",
    "page.txt": b"One paragraph.\nStill one.\n\nTwo.\n",
}  # fmt: skip


def tables(rows: Sequence[Row]) -> dict[str, bytes]:
    """Return one table in every form of file: ending -> bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    made = {".jsonl": lines, ".json": orjson.dumps(list(rows)), ".parquet": sink.getvalue()}
    for ending, delimiter in ((".csv", ","), (".tsv", "\t")):
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(
            {k: orjson.dumps(v).decode() if isinstance(v, list) else v for k, v in row.items()} for row in rows
        )
        made[ending] = out.getvalue().encode()
    return {**made, ".jsonl.gz": gzip.compress(lines, mtime=0), ".csv.gz": gzip.compress(made[".csv"], mtime=0)}


def make_run(folder: Path) -> Path:
    """Run a small study against a server of our own; return the folder that holds study, cache and `run`."""
    with crash_server() as server:
        trial = Trial(folder / "trial", server)
        trial.write()
        assert trial.start() == 0, trial.said
    return trial.folder


def make_databases(folder: Path) -> None:
    """Write a response cache and a journal of batches."""
    with ResponseCache(folder / "replies.sqlite") as cache:
        for number in range(20):
            cache.put(bytes([number]) * 32, Reply(text=f"reply {number}", logprobs={"a": -0.5} if number % 2 else None))
    BatchJournal(folder / "batches.sqlite").close()


def make_exchange(folder: Path) -> dict[str, bytes]:
    """Export a small review in every format; return file name -> bytes, the run's key among them."""
    run = RunFolder(folder / "review")
    said = [
        Rating(benchmark="real-set", item=f"ask-{i}", rater=who, kind="person", rubric=rubric().reference,
               marks={"clear": "yes", "right": "no"}, note="n", content=plan().items["real-set", f"ask-{i}"].content)
        for i in range(2) for who in ("ann", "bob")
    ]  # fmt: skip
    for form, ending in (("label-studio", ".json"), ("argilla", ".json"), ("csv", ".csv")):
        export_file(folder / f"{form}{ending}", form, plan(), run, said)  # type: ignore[arg-type]  # names of formats
    return {path.name: path.read_bytes() for path in (*folder.glob("*.*"), *run.root.rglob("*.json")) if path.is_file()}


def adaptive_file() -> bytes:
    """Return a file of adaptive tests."""
    number = {"value": 0.5, "true": None, "low": 0.25, "high": 0.75, "n": 4, "method": "m", "warnings": ["w"]}
    solver = {
        "asked": 2,
        "tested": True,
        "ability": number,
        "score": number,
        "error": 0.1,
        "failure_rate": None,
        "items": ["a"],
    }
    benchmark = {"items": 4, "uncalibrated": 0, "common": 0.1, "calibration": 0.1, "solvers": {"x": solver}}
    return orjson.dumps(
        {"schema": 1, "metric": "accuracy", "level": 0.95, "bank": {"model": "2pl", "solvers": 3}, "saved": 2,
         "benchmarks": {"r": benchmark}, "warnings": []}
    )  # fmt: skip


REPLIES = {
    "chat": b'{"choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"logprobs":{"content":[{'
    b'"token":"a","logprob":-0.5,"top_logprobs":[{"token":"a","logprob":-0.5}]}]},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":7,"completion_tokens":1}}',
    "anthropic": b'{"content":[{"type":"text","text":"fine"}],"stop_reason":"end_turn","usage":{"input_tokens":7,'
    b'"output_tokens":1}}',
    "error": b'{"error":{"message":"slow down","code":"rate_limit","type":"x"}}',
}
"""What servers answer."""
