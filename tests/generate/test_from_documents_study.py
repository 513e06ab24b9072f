"""from_documents as a study runs it: paths from the study file's folder, changed documents, and a real small model."""

from pathlib import Path

import pytest

from acidtest.data.documents.read import read_documents
from acidtest.errors import DataError
from acidtest.generate.generation import generate
from acidtest.generate.plan import GenerationPlan
from acidtest.generate.short_answers import missing_word
from acidtest.models.base import ModelSpec
from acidtest.models.local import LocalModel
from acidtest.registry import get
from acidtest.study.expected_calls import expected_calls
from acidtest.study.load import load_study
from acidtest.study.plan import synthetic_key
from acidtest.study.prepare import prepare
from acidtest.types import Prompt, Reply, Sampling
from document_files import OIL, document_folder
from scripted_generator import Count

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "documents"
STUDY = """\
study: documents
task: reading
real: {path: real.jsonl, pool: pool.jsonl}
models:
  writer: {use: "openai:words:7", base_url: "http://127.0.0.1:9/v1"}
generators:
  - {model: writer, strategy: from_documents, items: 4, options: {documents: [docs]}}
solvers: [{model: writer, shots: 0}]
"""


def study_folder(folder: Path) -> Path:
    """Write a study over documents without any pool."""
    document_folder(folder / "docs")
    row = f'{{"id": "1", "passage": "{OIL}", "question": "Who was the keeper?", "answer": "Ada Thorn"}}\n'
    (folder / "real.jsonl").write_text(row, "utf-8")
    path = folder / "study.yaml"
    path.write_text(STUDY.replace(", pool: pool.jsonl", ""), "utf-8")
    return path


def fingerprints(path: Path) -> tuple[str, str]:
    """Return those of the written set and of its answers."""
    prepared = prepare(load_study(path), path.parent, path.parent / "run")
    units = prepared.plan.units
    name = "writer.from_documents"
    assert expected_calls(prepared)[0].calls == 4 * 2  # a question, and the same one answered again
    return units[synthetic_key(name)].fingerprint, units[f"responses/{name}/writer"].fingerprint


def test_changed_documents_make_the_set_and_its_answers_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "mock-key")
    path = study_folder(tmp_path)
    before = fingerprints(path)
    assert fingerprints(path) == before
    text = tmp_path / "docs" / "lamp.txt"
    text.write_text(text.read_text("utf-8").replace("1871", "1872"), "utf-8")
    after = fingerprints(path)
    assert (after[0] == before[0], after[1] == before[1]) == (False, False)
    (tmp_path / "docs" / "picture.png").write_bytes(b"another picture")  # no document
    assert fingerprints(path) == after
    (tmp_path / "docs" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(DataError, match="broken"):
        prepare(load_study(path), tmp_path, tmp_path / "run")


@pytest.mark.long
async def test_a_model_of_135_million_parameters_writes_questions_with_true_quotations(
    smollm2: Path, tmp_path: Path
) -> None:
    async with LocalModel(ModelSpec(name="smollm2", use=f"local:{smollm2}")) as model:

        async def call(prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Reply:
            assert not repeat
            return await model.answer(prompt, sampling)

        plan = GenerationPlan(
            benchmark="smollm2.from_documents",
            generator="smollm2",
            revision=model.revision,
            strategy="from_documents",
            task=get("task", "reading")(),
            pool=(),
            n=2,
            budget=12,
            folder=EXAMPLE,
            options={"documents": ["texts"], "chunk_words": 60, "hops": {"1": 1}, "filter": False, "at_once": 1},
        )
        outcome = await generate(
            plan, call, calls_path=tmp_path / "calls.jsonl", style="completion", concurrency=1, progress=Count()
        )
    texts = {document.source: document.text for document in read_documents(["texts"], EXAMPLE).documents}
    assert len(outcome.accepted) == 2, outcome.why_short
    for item in outcome.accepted:
        assert item.provenance is not None
        (part,) = item.provenance.evidence
        assert texts[part.source][part.start : part.end] == part.quote
        assert part.quote in item.input["passage"]
        assert missing_word(str(item.target), part.quote) is None
