"""The audit of items, from a file of scores and answers to the list with its evidence."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from acidtest.compare.irt.flaw_answers import Choices, choices_of, matched
from acidtest.compare.irt.flaw_evidence import evidence
from acidtest.compare.irt.flaws import FlawAudit, audit_items, flags_of
from acidtest.data.scores.answers import read_answers
from acidtest.data.scores.matrix import ScoreMatrix, read_matrix
from acidtest.stats.irt.fit import fit_irt

WRONG = {"synthetic": ("s3", "s40", "s77", "s78", "s110", "s111"), "real": ("r9",)}
SIZES = {"real": 150, "synthetic": 120}


def letters(item: str, *, wrong: bool) -> tuple[str, str]:
    """Return the true letter, and the one that the key prints."""
    k = int(item[1:])
    return "ABCD"[k % 4], "ABCD"[(k + wrong) % 4]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 solvers, four letters; six synthetic keys and one real key are wrong, on items of middle difficulty."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("flaws") / "scores.csv"
    theta = np.linspace(2, -2, 30)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["benchmark", "kind", "model", "item", "score", "prediction", "target"])
        for kind, items in SIZES.items():
            for k in range(items):
                item = f"{kind[0]}{k}"
                wrong = item in WRONG[kind]
                easiness = 1.0 if wrong else rng.normal(0.8, 1.2)
                true, printed = letters(item, wrong=wrong)
                for m, ability in enumerate(theta):
                    knows = rng.random() < expit(1.3 * ability + easiness)
                    said = true if knows else rng.choice([x for x in "ABCD" if x != true])
                    out.writerow([f"{kind} set", kind, f"m{m:02}", item, int(said == printed), said, printed])
    return path


@pytest.fixture(scope="module")
def matrix(table: Path) -> ScoreMatrix:
    return read_matrix([table])


@pytest.fixture(scope="module")
def audit(table: Path, matrix: ScoreMatrix) -> FlawAudit:
    return audit_items(matrix, fit_irt(matrix.scores), answers=read_answers([table]))


def test_the_planted_keys_are_listed_and_hardly_anything_else(audit: FlawAudit) -> None:
    listed = {one.item for one in audit.items if one.listed}
    planted = {*WRONG["real"], *WRONG["synthetic"]}
    assert len(listed & planted) >= 5
    assert len(listed - planted) <= 1
    assert audit.expected_false == pytest.approx(sum(1 - one.probability for one in audit.items if one.listed))
    assert audit.expected_false <= audit.fdr * len(listed)
    assert all(one.kind == "wrong_key" for one in audit.items if one.listed and one.item in planted)


def test_benchmarks_are_told_apart(audit: FlawAudit) -> None:
    real, synthetic = audit.benchmarks["real set"], audit.benchmarks["synthetic set"]
    assert (real.kind, real.items, synthetic.kind, synthetic.items) == ("real", 150, "synthetic", 120)
    assert synthetic.listed > real.listed
    assert synthetic.share_listed.value == pytest.approx(synthetic.listed / 120)
    assert synthetic.share_broken.low < 6 / 120 < synthetic.share_broken.high
    assert sum(synthetic.kinds.values()) == synthetic.listed
    assert real.by_answers
    assert synthetic.by_answers


def test_evidence_counts_what_the_table_says(audit: FlawAudit, matrix: ScoreMatrix, table: Path) -> None:
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    order = np.argsort(-fit_irt(matrix.scores).ability, kind="stable")
    for one in (one for one in audit.items if one.listed and one.kind == "wrong_key"):
        said = {row["model"]: row["prediction"] for row in rows if row["item"] == one.item}
        true, printed = letters(one.item, wrong=True)
        best_first = [said[matrix.models[m]] == true for m in order]
        run = best_first.index(False)
        start = f"the {run} best of 30 solvers" if run >= 3 else f"{sum(best_first)} of 30 solvers"
        assert one.evidence.startswith(f"{start} answer '{true}'")
        assert one.evidence.endswith(f"the key says '{printed}'")


def test_flags_stand_where_their_items_do(audit: FlawAudit, matrix: ScoreMatrix) -> None:
    flags = flags_of(audit)
    assert len(flags) == len(matrix.items)
    listed = {(one.benchmark, one.item): one.kind for one in audit.items if one.listed}
    for benchmark, item, flag in zip(matrix.benchmark, matrix.items, flags, strict=True):
        assert flag == listed.get((benchmark, item), "")


def test_the_order_of_rows_changes_nothing(table: Path, matrix: ScoreMatrix, audit: FlawAudit, tmp_path: Path) -> None:
    head, *rows = table.read_text("utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([head, *rows[::-1]]), "utf-8")
    again = audit_items(matrix, fit_irt(matrix.scores), answers=read_answers([turned]))
    assert again.suspicion == pytest.approx(audit.suspicion)
    assert [one.evidence for one in again.items] == [one.evidence for one in audit.items]


def test_without_answers_the_able_miss_what_has_a_wrong_key(matrix: ScoreMatrix, audit: FlawAudit) -> None:
    alone = audit_items(matrix, fit_irt(matrix.scores))
    assert not any(one.by_answers for one in alone.benchmarks.values())
    assert {one.kind for one in alone.items} <= {"upside_down", "no_discrimination"}
    planted = np.isin(matrix.items, [*WRONG["real"], *WRONG["synthetic"]])
    assert np.median(alone.suspicion[planted]) > np.quantile(alone.suspicion[~planted], 0.95)
    assert (audit.probability[planted] > alone.probability[planted]).mean() > 0.7


def test_few_solvers_are_told_that_nothing_can_be_said(matrix: ScoreMatrix) -> None:
    some = replace(matrix, models=matrix.models[::5], scores=matrix.scores[::5])
    found = audit_items(some, fit_irt(some.scores))
    assert not found.listed.any()
    assert any("ranking only" in text for text in found.warnings)
    assert found.items
    assert not any(one.listed for one in found.items)


def test_scores_in_between_are_allowed_and_said(matrix: ScoreMatrix) -> None:
    soft = replace(matrix, scores=np.clip(matrix.scores, 0.1, 0.9))
    found = audit_items(soft, fit_irt(matrix.scores))
    assert np.isfinite(found.suspicion).all()
    assert any("between 0 and 1" in text for text in found.warnings)


def test_the_score_decides_what_is_right(table: Path, matrix: ScoreMatrix) -> None:
    answers = read_answers([table])
    assert answers is not None
    item = matrix.items.index("r0")
    scores = matrix.scores.copy()
    key = matched(matrix, answers).codes[:, item] == matched(matrix, answers).target[item]
    reads_like_key, reads_otherwise = np.flatnonzero(key)[0], np.flatnonzero(~key)[0]
    scores[reads_like_key, item], scores[reads_otherwise, item] = 0.0, 1.0
    found = choices_of(scores, matched(matrix, answers), answers, matrix.of("real set"))
    assert found is not None
    assert found.choice[reads_like_key, 0] == -1
    assert found.choice[reads_otherwise, 0] == 0
    assert found.options[0] == 4
    assert found.texts[0][0] == "A"


def test_keys_that_people_found_wrong_are_suspicious(real_data: Path) -> None:
    """MMLU-Redux (Gema et al., 2024): items marked wrong_groundtruth, against those marked ok."""
    import gzip
    import json

    from pyarrow import parquet

    folder = real_data / "mmlu_redux_helm"
    with gzip.open(folder / "items.jsonl.gz", "rt", encoding="utf-8") as file:
        items = [json.loads(line) for line in file][:1200]
    said = parquet.read_table(folder / "predictions.parquet").slice(0, 1200).to_pydict()
    assert said.pop("item") == [row["item"] for row in items]
    scores = np.array([[float(a == row["answer"]) for a, row in zip(said[m], items, strict=True)] for m in said])
    found = audit_items(
        ScoreMatrix(
            models=tuple(said),
            items=tuple(row["item"] for row in items),
            benchmark=("mmlu",) * len(items),
            scores=scores,
            kinds={},
            generators={},
            families={},
            topics=("",) * len(items),
            bundles=("",) * len(items),
        ),
        fit_irt(scores, model="rasch"),
    )
    marks = np.array([row["error_type"] for row in items])
    keep = np.isin(marks, ["ok", "wrong_groundtruth"])
    ranks = found.suspicion[keep].argsort().argsort()
    wrong = marks[keep] == "wrong_groundtruth"
    area = (ranks[wrong].sum() - wrong.sum() * (wrong.sum() - 1) / 2) / (wrong.sum() * (~wrong).sum())
    assert area > 0.75


def one_item(said: str, key: str = "a") -> Choices:
    """Return the answers of one item: a letter per solver, best first; "-" for none that could be read."""
    others = [letter for letter, _ in Counter(c for c in said if c not in (key, "-")).most_common()]
    texts = (key, *others)
    choice = np.array([[texts.index(c) if c in texts else -1] for c in said])
    return Choices(choice=choice, options=np.array([4.0]), texts=(texts,))


@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        ("wrong_key", "bbbb", "all 4 solvers answer 'b', the key says 'a'"),
        ("wrong_key", "bbbac", "the 3 best of 5 solvers answer 'b', the key says 'a'"),
        ("wrong_key", "bbbab", "the 3 best of 5 solvers answer 'b' (4 in all), the key says 'a'"),
        ("wrong_key", "ab-bb", "3 of 4 solvers answer 'b', the key says 'a'"),
        ("ambiguous", "ababcc", "of the 3 best of 6 solvers, 1 answer 'b' and 2 the key 'a'"),
        ("upside_down", "bcaa", "right are 0 of the 2 best solvers and 2 of the 2 worst"),
        ("upside_down", "bbcd", "none of 4 solvers is right; 2 answer 'b'"),
        ("no_discrimination", "abaab", "right are 1 of the 2 best solvers and 1 of the 2 worst"),
    ],
)
def test_evidence_in_words(kind: str, said: str, sentence: str) -> None:
    scores = np.array([float(c == "a") for c in said])
    assert evidence(kind, scores, -np.arange(float(len(said))), one_item(said), 0, 1) == sentence


def test_what_nobody_answered_has_no_evidence() -> None:
    assert evidence("upside_down", np.full(3, np.nan), np.zeros(3), None, 0, 0) == "nobody was scored on it"
