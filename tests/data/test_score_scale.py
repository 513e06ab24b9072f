"""What a table's scores are: weighted or not, fractions or percentages, and which columns hold any."""

from pathlib import Path

import numpy as np
import pytest

from acidtest.compare.fidelity import compare
from acidtest.compare.scores import score_estimates
from acidtest.compare.sets import ScoredSet
from acidtest.data.scores.table import read_scores
from acidtest.data.scores.write import write_score_table
from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.metric import MEAN
from acidtest.stats.noise import plain_variance


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def weighted_file(folder: Path, right: FloatArray, weight: FloatArray) -> Path:
    """Write scores [M, n] of a benchmark whose items have weights [n], beside one without."""
    solvers, items = right.shape
    columns: dict[str, list[object]] = {name: [] for name in ("benchmark", "model", "item", "score", "weight")}
    for name, of_item in (("real", weight), ("fake", np.ones(items))):
        columns["benchmark"] += [name] * right.size
        columns["model"] += np.repeat([f"m{i:03d}" for i in range(solvers)], items).tolist()
        columns["item"] += [f"{name}{i}" for i in range(items)] * solvers
        columns["score"] += right.ravel().tolist()
        columns["weight"] += np.tile(of_item, solvers).tolist()
    path = folder / "weighted.parquet"
    write_score_table(path, columns)
    return path


def test_a_weighted_mean_has_the_noise_of_a_ratio(tmp_path: Path) -> None:
    """Against Hajek's variance, n / (n - 1) sum (w (x - mean) / sum w)^2, and what 300 solvers as able really show."""
    rng = np.random.default_rng(5)
    weight = rng.lognormal(0, 1, 150)
    right = (rng.random((300, 150)) < 0.8).astype(float)
    scores = read_scores([weighted_file(tmp_path, right, weight)], real="real")
    mean = right @ weight / weight.sum()
    np.testing.assert_allclose(scores.real.observed, mean, rtol=0, atol=1e-12)
    variance = plain_variance(ScoredSet(scores.real, scores.metric).linear)
    hajek = 150 / 149 * ((weight * (right - mean[:, None]) / weight.sum()) ** 2).sum(axis=1)
    assert np.sqrt(variance).mean() == pytest.approx(np.sqrt(hajek).mean(), rel=0.03)
    exact = 0.8 * 0.2 * (weight**2).sum() / weight.sum() ** 2
    assert np.sqrt(variance).mean() == pytest.approx(np.sqrt(exact), rel=0.05)
    assert mean.std(ddof=1) == pytest.approx(np.sqrt(variance).mean(), rel=0.1)
    unweighted = plain_variance(ScoredSet(scores.synthetic[0], scores.metric).linear)
    np.testing.assert_allclose(unweighted, right.var(axis=1, ddof=1) / 150, rtol=1e-9)


def test_weighted_scores_are_compared_whole(tmp_path: Path) -> None:
    """Items of weights 1 and 3: the interval of the gap is that of the two ratios, solvers averaged item by item."""
    rng = np.random.default_rng(2)
    right = (rng.random((8, 200)) < np.linspace(0.3, 0.9, 8)[:, None]).astype(float)
    weight = np.where(np.arange(200) % 2, 1.0, 3.0)
    scores = read_scores([weighted_file(tmp_path, right, weight)], real="real")
    found = compare(scores)
    mean = right @ weight / weight.sum()
    gap = found.fidelity["fake"]["gap"]
    assert gap.value == pytest.approx((right.mean(axis=1) - mean).mean(), abs=1e-12)
    of_real = (weight * (right - mean[:, None]).mean(axis=0) / weight.sum()) ** 2
    variance = 200 / 199 * of_real.sum() + right.mean(axis=0).var(ddof=1) / 200
    assert (gap.high - gap.low) / 2 == pytest.approx(1.97 * np.sqrt(variance), rel=0.05)
    assert found.fidelity["fake"]["worth_rank"].value > 0
    assert set(found.rank_groups["real"]) == set(scores.real.models)


def test_a_perfect_solver_of_weighted_items_has_a_narrow_interval(tmp_path: Path) -> None:
    right = np.ones((3, 100))
    right[1:, ::3] = 0.0
    scores = read_scores([weighted_file(tmp_path, right, np.linspace(0.2, 5, 100))], real="real")
    best = score_estimates(ScoredSet(scores.real, scores.metric), 0.95)["m000"]
    assert best.value == best.high == 1.0
    unweighted = score_estimates(ScoredSet(scores.synthetic[0], MEAN), 0.95)["m000"]
    assert best.low == unweighted.low > 0.92


def test_weights_of_metrics_that_are_no_means(tmp_path: Path) -> None:
    """An item of weight 2 is that item twice; ranks have no such form."""
    text = "benchmark,model,item,score,metric,stats,weight\n"
    rows = {"x": ("[1, 0, 2]", 2), "y": ("[3, 1, 0]", 1)}
    text += "".join(f'{b},a,{i},0,span_f1,"{s}",{w}\n' for b in ("real", "fake") for i, (s, w) in rows.items())
    scores = read_scores([write(tmp_path, "w.csv", text)], real="real")
    assert scores.real.observed.tolist() == [pytest.approx(2 * 5 / (2 * 5 + 1 + 4), abs=1e-15)]
    ranks = write(
        tmp_path, "r.csv", text.replace("span_f1", "spearman").replace("[3, 1, 0]", "[3, 1]").replace("0, 2]", "0]")
    )
    with pytest.raises(DataError, match="it knows no weights"):
        read_scores([ranks], real="real")
    nothing = write(tmp_path, "n.csv", text.replace(",2\n", ",0\n").replace(",1\n", ",0\n"))
    with pytest.raises(DataError, match="weights of 'real' are all 0"):
        read_scores([nothing], real="real")


def test_percent_is_said_of_the_whole_table(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "model,real,hard\na,75,0.9\nb,50,0.25\n")
    with pytest.raises(DataError, match=r"'real' go up to 75(.|\n)*--percent"):
        read_scores([path], real="real")
    scores = read_scores([path], real="real", percent=True)
    assert scores.real.observed.tolist() == [0.75, 0.5]
    assert scores.synthetic[0].observed.tolist() == [pytest.approx(0.009), 0.0025]
    assert any("'hard' goes up to 0.9 and is read as 0.9 %" in note for note in scores.notes)
    left = read_scores([path], real="real", percent=False)
    assert left.real.observed.tolist() == [75.0, 50.0]
    assert not left.metric.unit


def test_fractions_beside_percentages_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "model,real,fake\na,75,0.75\nb,50,0.25\n")
    for percent in (True, None):
        scores = read_scores([path], real="real", synthetic=["fake"], percent=percent, fractions=["fake"])
        assert scores.real.observed.tolist() == [0.75, 0.5]
        assert scores.synthetic[0].observed.tolist() == [0.75, 0.25]
        assert scores.notes == ()
    with pytest.raises(DataError, match="'real' goes up to 75: it holds no fractions"):
        read_scores([path], real="real", fractions=["real"])
    with pytest.raises(DataError, match="Did you mean 'fake'"):
        read_scores([path], real="real", fractions=["fakes"])


def test_percent_of_a_table_of_fractions_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "model,real,fake\na,1,0.75\nb,0.5,0.25\n")
    assert read_scores([path], real="real", percent=True).real.observed.tolist() == [1.0, 0.5]


@pytest.mark.parametrize(("top", "scale"), [("1.0000000000000002", 1), ("100.00000000000001", 100)])
def test_a_score_that_left_0_to_1_by_rounding_is_put_back(tmp_path: Path, top: str, scale: int) -> None:
    percent = scale > 1 or None
    text = f"model,real,fake\na,{top},{0.75 * scale}\nb,{-1e-17},{0.5 * scale}\n"
    scores = read_scores([write(tmp_path, "r.csv", text)], real="real", percent=percent)
    assert scores.real.observed.tolist() == [1.0, 0.0]
    assert scores.metric.unit
    long = f"benchmark,model,item,score\nreal,a,1,{top}\nreal,a,2,0\nfake,a,3,{scale}\nfake,a,4,0\n"
    by_item = read_scores([write(tmp_path, "l.csv", long)], real="real", percent=percent)
    assert by_item.real.stats is not None
    assert by_item.real.stats[0, :, 0].tolist() == [1.0, 0.0]


WIDE = (
    "model,family,real,fake,size_b,prompted,note,revision\n"
    "a,f,0.75,0.75,0.7,true,good,main\nb,f,0.5,0.25,0.1,false,,3e5\nc,g,0.4,,0.3,true,x,c0ffee\n"
)


def test_columns_that_nobody_named_are_said(tmp_path: Path) -> None:
    scores = read_scores([write(tmp_path, "w.csv", WIDE)], real="real")
    assert [one.name for one in scores.synthetic] == ["fake", "size_b"]
    (note,) = scores.notes
    assert "Taken as synthetic sets, as every column of numbers of w.csv: 'fake', 'size_b'." in note
    assert "Ignored, as columns of words or of true and false: 'prompted', 'note', 'revision'." in note
    assert "--synthetic" in note
    named = read_scores([tmp_path / "w.csv"], real="real", synthetic=["fake"])
    assert [one.name for one in named.synthetic] == ["fake"]
    assert named.notes == ()
    forced = read_scores([tmp_path / "w.csv"], real="real", synthetic=["prompted"])
    assert forced.synthetic[0].observed.tolist() == [1.0, 0.0, 1.0]


def test_columns_that_cannot_be_scores_lead_to_synthetic(tmp_path: Path) -> None:
    large = write(tmp_path, "large.csv", WIDE.replace("0.7,true", "70,true"))
    with pytest.raises(DataError, match=r"'size_b' go up to 70(.|\n)*name the benchmarks by --synthetic"):
        read_scores([large], real="real")
    years = write(tmp_path, "y.csv", "model,real,fake,year\na,75,80,2023\nb,50,40,2024\n")
    with pytest.raises(DataError, match=r"'year' go up to 2024: these are no percentages(.|\n)*--synthetic"):
        read_scores([years], real="real", percent=True)
    mixed = write(tmp_path, "m.csv", "model,real,fake,rank\na,0.7,0.8,1\nb,0.5,0.4,second\nc,0.5,0.4,3\n")
    with pytest.raises(
        DataError, match=r"rank 'second' is not a number(.|\n)*'rank' is no benchmark(.|\n)*--synthetic"
    ):
        read_scores([mixed], real="real")
