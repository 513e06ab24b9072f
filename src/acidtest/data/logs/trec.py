"""TREC runs: rankings of documents, scored against relevance judgements (qrels) as trec_eval does."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from acidtest.data.logs.bounded import name
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogFormat, LogOptions
from acidtest.data.logs.trec_files import Judgements, RankedQuery, is_qrels, is_run, read_qrels, read_run
from acidtest.data.logs.trec_measures import MEASURES, query_measures, ranking
from acidtest.errors import DataError
from acidtest.registry import register

_DEFAULT_TAGS = {"anserini", "pyserini", "pyterrier", "indri", "standard", "lucene", "run", "runid", "tag"}
"""Tags that retrieval tools write unasked: they tell no run from another."""

_ENDINGS = (".gz", ".txt", ".tsv", ".qrels", ".qrel")
_MOST_FILES = 10_000


@register("log", "trec")
class Trec(LogFormat):
    """One run, scored against each file of judgements: --qrels, or those beside the run.

    Benchmark: the name of the qrels file (or --benchmark, where there is one file). Solver: the run's tag; the
    file's name where the tag is one that tools write unasked. Item: the query. Metrics: `MEASURES`. A query that is
    judged and not in the run scores 0, as with trec_eval -c; one that is not judged is left out.
    """

    title = "TREC runs"
    files = "lines of `query Q0 document rank score tag`, with --qrels or *qrels* beside them"
    endings = ("",)  # runs are named input.bm25, bm25.run, bm25.txt: anything

    def __init__(self) -> None:
        self._judged: dict[Path, Judgements] = {}

    def recognises(self, path: Path, head: bytes) -> bool:
        """Tell by six columns."""
        del path
        return is_run(head)

    def helps(self, path: Path, head: bytes) -> bool:
        """Tell relevance judgements by four columns."""
        del path
        return is_qrels(head)

    def read(self, path: Path, options: LogOptions) -> Iterator[LogEntry]:
        """Yield each measure of each judged query, for each file of judgements that shares a query with the run.

        Raises:
            DataError: No judgements are known, or none of the run's queries; the run or the judgements are broken.
        """
        files = list(options.qrels) or _beside(path)
        if not files:
            raise DataError(
                "a run, and no relevance judgements",
                where=str(path),
                way_out="Name them: --qrels FILE; or lay them beside the run, with 'qrels' in their name.",
            )
        benchmarks = _benchmarks(files, options)
        judged = {benchmark: self._read(file) for benchmark, file in zip(benchmarks, files, strict=True)}
        left: dict[str, dict[str, None]] = {benchmark: dict.fromkeys(of) for benchmark, of in judged.items()}
        model = ""
        for ranked in read_run(path):
            model = model or _model(ranked, path, options)
            for benchmark, of in judged.items():
                if ranked.query in of:
                    del left[benchmark][ranked.query]
                    values = query_measures(ranking(ranked.scored), of[ranked.query])
                    yield from _entries(benchmark, model, ranked.query, values)
        yield from _missing(left, judged, model, path, options)

    def _read(self, path: Path) -> Judgements:
        """Return judgements; many runs share them, so they are read once."""
        if path not in self._judged:
            self._judged[path] = read_qrels(path)
        return self._judged[path]


def _entries(benchmark: str, model: str, query: str, values: dict[str, float]) -> Iterator[LogEntry]:
    for metric, value in values.items():
        yield LogEntry(benchmark=benchmark, model=model, item=name(query), metric=metric, score=value)


def _missing(
    left: dict[str, dict[str, None]], judged: dict[str, Judgements], model: str, path: Path, options: LogOptions
) -> Iterator[LogEntry]:
    """Yield 0 for judged queries that the run does not answer."""
    shared = [benchmark for benchmark, queries in left.items() if len(queries) < len(judged[benchmark])]
    if not shared:
        raise DataError(
            "none of the run's queries is judged",
            where=str(path),
            way_out=f"Name the judgements of these queries: --qrels FILE. Read: {', '.join(judged)[:200]}.",
        )
    for benchmark in shared:
        if left[benchmark]:
            lacking = f"{len(left[benchmark]):,} of {len(judged[benchmark]):,}"
            options.tell(
                f"{model}: no documents for {lacking} judged queries of '{benchmark}': scored 0, as trec_eval -c"
            )
        for query in left[benchmark]:
            yield from _entries(benchmark, model, query, dict.fromkeys(MEASURES, 0.0))


def _model(ranked: RankedQuery, path: Path, options: LogOptions) -> str:
    if ranked.tag.lower() in _DEFAULT_TAGS:
        return options.model or name(path.name.removesuffix(".gz").rpartition(".")[0] or path.name)
    return name(ranked.tag)


def _beside(path: Path) -> list[Path]:
    """Return judgements in the run's folder, or else in the folder above; sorted by name."""
    for folder in (path.parent, path.parent.parent):
        try:
            files = [file for _, file in zip(range(_MOST_FILES), sorted(folder.iterdir()), strict=False)]
            found = [file for file in files if "qrel" in file.name.lower() and file.is_file()]
        except OSError:
            return []
        if found := [file for file in found if is_qrels(head_of(file))]:
            return found
    return []


def _benchmarks(files: Sequence[Path], options: LogOptions) -> list[str]:
    if options.benchmark and len(files) == 1:
        return [options.benchmark]
    names = [_benchmark(file.name) for file in files]
    if len(set(names)) < len(names):
        names = [f"{file.parent.name}/{file.name}" for file in files]
    if len(set(names)) < len(names):
        raise DataError("two --qrels files of one name", where=", ".join(map(str, files))[:300], way_out="Rename one.")
    return names


def _benchmark(file: str) -> str:
    """Return what tells judgements from others: `qrels.dl19-passage.txt` -> `dl19-passage`."""
    stem = file
    while stem.lower().endswith(_ENDINGS) and "." in stem[1:]:
        stem = stem.rpartition(".")[0]
    if stem.lower().startswith("qrels"):
        stem = stem[len("qrels") :].lstrip(".-_") or stem
    return name(stem)
