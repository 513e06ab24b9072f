"""Readers of what servers answer, of published data sets, of other tools' logs, and of whole folders of runs."""

import asyncio
import gzip
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from acidtest.data.run_folder import RunFolder
from acidtest.models.base import ModelSpec
from acidtest.registry import get
from acidtest.types import Prompt
from fault_server import REPLIES
from trust.fuzz import seeds
from trust.fuzz.reader import Reader

ROOT = Path(__file__).parents[3]
LOGS = ROOT / "tests" / "data" / "logs"
_LARGEST = 60_000


def reply_readers() -> list[Reader]:
    """Answers of model servers, as they come and packed."""
    from acidtest.models.content_coding import unpacked
    from acidtest.models.failure import HttpReply, error_code, failure_of

    prompt = Prompt(messages=(("user", "x"),), max_tokens=9, logprobs=5)
    keys = {"base_url": "http://127.0.0.1:9/v1"}

    def reader(provider: str, name: str) -> Reader:
        model = get("provider", provider)(ModelSpec(name="m", use=f"{provider}:x", **keys))
        return Reader(
            name=f"replies of {provider}",
            files={f"{name}.json": seeds.REPLIES[name]},
            read=lambda path: model._parsed(path.read_bytes(), prompt, 0.1),
            modules=("models.remote",),
        )

    def packed(path: Path) -> None:
        unpacked(HttpReply(status=200, headers={"content-encoding": "gzip"}, body=path.read_bytes()))

    def refused(path: Path) -> None:
        reply = HttpReply(
            status=429, headers={"retry-after": path.read_text("utf-8", "replace")[:40]}, body=path.read_bytes()
        )
        error_code(reply.body)
        assert len(failure_of(reply, hidden="key").what) < 1000

    return [
        reader("openai", "chat"),
        reader("anthropic", "anthropic"),
        Reader(name="packed replies", files={"a.gz": gzip.compress(seeds.REPLIES["chat"], mtime=0)}, read=packed,
               modules=("models.content_coding",)),
        Reader(name="refusals", files={"e.json": seeds.REPLIES["error"]}, read=refused, modules=("models.failure",)),
    ]  # fmt: skip


class Deaf(asyncio.Transport):
    """Where nothing that is sent goes anywhere."""

    def write(self, data: object) -> None:
        """Take it."""

    def close(self) -> None:
        """Stay as it is: what comes from a server comes by hand."""

    def abort(self) -> None:
        """Stay as it is."""


def http_readers() -> list[Reader]:
    """Bytes that come over a connection, in parts, until it is closed."""
    from acidtest.models.content_coding import unpacked
    from acidtest.models.failure import HttpReply
    from acidtest.models.http_client import HttpClient, _Connection

    async def heard(content: bytes) -> HttpReply:
        connection = _Connection(HttpClient("http://127.0.0.1:9/", {}, timeout=5.0))
        connection.connection_made(Deaf())
        answer = connection.send(b"", 5.0, 5.0)
        for start in range(0, len(content), 50):
            connection.data_received(content[start : start + 50])
        connection.connection_lost(None)
        return unpacked(await answer)

    names_ = ("ok", "chunked", "trailer", "hints", "gzip", "deflate", "http-1.0", "close", "no-content", "tail")
    return [
        Reader(
            name="HTTP", files={f"{name}.http": REPLIES[name] for name in names_},
            read=lambda path: asyncio.run(heard(path.read_bytes())), modules=("models.http_client",),
        )
    ]  # fmt: skip


def dataset_readers(layouts: Mapping[str, Mapping[str, bytes]]) -> list[Reader]:
    """The publishers' files of every data set, by their layouts: data set -> path -> bytes."""
    from acidtest.data.datasets.catalogue import dataset
    from acidtest.data.datasets.files import DatasetFiles

    def reader(name: str, path: str, content: bytes) -> Reader:
        entry = dataset(name)

        def read(file: Path) -> None:
            folder = file.parent / "set"
            for other, whole in layouts[name].items():
                (folder / other).parent.mkdir(parents=True, exist_ok=True)
                (folder / other).write_bytes(file.read_bytes() if other == path else whole)
            found = DatasetFiles(entry=entry, folder=folder, is_copy=False, files=(), source="")
            for part in sorted({part for parts in entry.splits.values() for part in parts}):
                found.items(part)

        return Reader(name=f"{name} {path}", files={Path(path).name: content}, read=read,
                      modules=("data.datasets.intent_sets", "data.datasets.similarity_sets"))  # fmt: skip

    return [reader(name, *next(iter(files.items()))) for name, files in layouts.items()]


def log_readers() -> list[Reader]:
    """Logs of the tools whose own tests do not break them: whatever is recognised is imported."""
    from acidtest.data.logs.import_logs import import_logs
    from acidtest.data.logs.log_format import LogOptions

    def reader(tool: str) -> Reader:
        logs = [path for path in sorted((LOGS / tool / "logs").rglob("*")) if path.is_file()]
        files = {path.name: path.read_bytes() for path in logs if path.stat().st_size < _LARGEST}
        beside = [path for path in logs if path.suffix == ".json"]

        def read(path: Path) -> object:
            for other in beside:
                if other.name != path.name:
                    shutil.copyfile(other, path.with_name(other.name))
            out = path.parent.with_name(f"{path.parent.name}.parquet")
            try:
                return import_logs([path], out, LogOptions(model="m", benchmark="b"), format_name=tool)
            finally:
                out.unlink(missing_ok=True)

        return Reader(name=f"logs of {tool}", files=files, read=read)

    return [reader(tool) for tool in ("lighteval", "lm_eval")]


def whole_run_readers(trial: Path) -> list[Reader]:
    """A run's folder in which one file is broken, as everything that takes a whole run reads it."""
    from acidtest.data.remote.merge import merged
    from acidtest.frames.open_run import open_run
    from acidtest.study.exporting import ExportOptions, sets_of_run

    run = trial / "run"
    names_ = [
        "run.json", "fidelity.json", "real.jsonl", "pool.jsonl", "synthetic/writer.few_shot.jsonl",
        "responses/real/solver.jsonl", "ratings/judge.judge.jsonl", "scores.parquet",
    ]  # fmt: skip
    files = {name.replace("/", "@"): (run / name).read_bytes() for name in names_}

    def copy(path: Path) -> Path:
        to = path.parent / "trial"
        shutil.copytree(trial, to)
        path.replace(to / "run" / path.name.replace("@", "/"))
        return to / "run"

    def frames(path: Path) -> None:
        found = open_run(copy(path))
        for table in (
            found.items,
            found.responses,
            found.rejected,
            found.ratings,
            found.scores,
            found.fidelity,
            found.verdict,
        ):
            table()

    def export(path: Path) -> None:
        from acidtest.export.write import export_benchmarks

        at = copy(path)
        for target in ("hf", "jsonl"):
            export_benchmarks(sets_of_run(at, ExportOptions(target=target)), target, path.parent / target)

    def two_sides(path: Path) -> None:
        at = copy(path)
        name = path.name.replace("@", "/")
        merged([name], at, run)
        merged([name], run, at)

    return [
        Reader(name="run as frames", files=files, read=frames, modules=("frames.open_run",)),
        Reader(name="run to export", files=files, read=export, modules=("study.exporting", "export.croissant")),
        Reader(name="run of two sides", files=files, read=two_sides, modules=("data.remote.merge",)),
    ]


def small_state_readers() -> list[Reader]:
    """Small files that we write for ourselves: agreements, hashes, tasks that were exported, adaptive tests."""
    from acidtest.compare import adaptive_json
    from acidtest.data.remote.sync import _read
    from acidtest.export.task_file import read_task_file, read_task_rows
    from acidtest.models.gguf import digest_of
    from acidtest.study.stages.levels import _units_in

    def digest(path: Path) -> str:
        kept, os.environ["ACIDTEST_CACHE"] = os.environ.get("ACIDTEST_CACHE", ""), str(path.parent)
        model = path.with_name("m.gguf")
        model.write_bytes(b"GGUF")
        try:
            return digest_of(model)
        finally:
            os.environ["ACIDTEST_CACHE"] = kept
            if not kept:
                del os.environ["ACIDTEST_CACHE"]

    agreed = b'{"files": {"run.json": ["ab", "cd"]}, "sent": {"run.json": "ab"}}'
    task = (
        b'{"schema": 1, "acidtest": "0.1", "benchmark": "s", "kind": "synthetic", "task": "intent", "labels": ["a"],'
        b'"metric": "accuracy", "style": "chat", "max_tokens": 9, "data": "task.jsonl", "items": 1}'
    )
    row = b'{"id": "a", "text": "x", "max_tokens": 9, "target": "a", "item": {"id": "a", "input": {}, "target": "a"}}\n'

    def exported(path: Path) -> None:
        for name, content in (("task.json", task), ("task.jsonl", row)):
            if path.name != name:
                path.with_name(name).write_bytes(content)
        about = path.with_name("task.json")
        read_task_rows(about, read_task_file(about))

    return [
        Reader(name="exported task", files={"task.json": task, "task.jsonl": row}, read=exported,
               modules=("export.task_file",)),
        Reader(name="adaptive.json", files={"adaptive.json": seeds.adaptive_file()}, read=adaptive_json.read,
               modules=("compare.adaptive_json",)),
        Reader(name="agreement", files={"agreed.json": agreed}, read=_read, modules=("data.remote.sync",)),
        Reader(name="units of levels", files={"units.json": b'{"a/b/c": "0123"}'}, read=_units_in,
               modules=("study.stages.levels",)),
        Reader(name="digests", files={"digests.json": b'{"/m.gguf": {"stamp": [1, 2], "sha256": "ab"}}'}, read=digest,
               modules=("models.gguf",)),
    ]  # fmt: skip


def review_readers(folder: Path) -> list[Reader]:
    """The review's database, and what people said, taken in anew."""
    from acidtest.review.export import adopt, export
    from acidtest.review.store import open_store
    from acidtest.types import Rating
    from review_plan import plan, rubric

    folder.mkdir(parents=True)
    store = open_store(folder / "review.sqlite", plan())
    item = plan().items["real-set", "ask-0"]
    said = Rating(benchmark="real-set", item="ask-0", rater="ann", kind="person", rubric=rubric().reference,
                  marks={"clear": "yes"}, content=item.content)  # fmt: skip
    store.add_ratings([said])
    export(store, RunFolder(folder))
    store.close()

    def opened(path: Path) -> None:
        found = open_store(path, plan())
        try:
            found.ratings()
            found.preferences()
            found.answers()
        finally:
            found.close()

    def adopted(path: Path) -> None:
        run = RunFolder(path.parent / "run")
        run.people.parent.mkdir(parents=True)
        path.replace(run.people)
        found = open_store(run.review, plan())
        try:
            adopt(found, run)
        finally:
            found.close()

    return [
        Reader(name="review database", files={"review.sqlite": (folder / "review.sqlite").read_bytes()}, read=opened,
               modules=("review.database", "review.store", "review.submissions")),
        Reader(name="review taken in", files={"people.jsonl": RunFolder(folder).people.read_bytes()}, read=adopted,
               modules=("review.export",)),
    ]  # fmt: skip
