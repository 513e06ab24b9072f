"""Tables summed up in blocks: the same scores as item by item, whatever the form, and nothing but the named files."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from acidtest.data.scores.blocks import large, sums
from acidtest.data.scores.blocks.read import read_blocks
from acidtest.data.scores.blocks.session import open_session
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError
from acidtest.types import Scores
from block_tables import fractions, shares, span_counts, write_long, write_wide

M, N, B = 5, 600, 40
REAL, FAKE = ([f"{name}{i}" for i in range(N)] for name in ("r", "f"))


def both(real: np.ndarray, fake: np.ndarray) -> dict[str, tuple[Sequence[str], np.ndarray]]:
    return {"real": (REAL, real), "fake": (FAKE, fake)}


def two(make: object = shares) -> dict[str, np.ndarray]:
    assert callable(make)
    return {"real": make(M, N, seed=1), "fake": make(M, N, seed=2, easier=0.3)}


def same_scores(blocks: Scores, items: Scores) -> None:
    """The sums over blocks are those over items: metric, numbers of items, failures."""
    assert {one.name for one in blocks.synthetic} == {one.name for one in items.synthetic}
    for one, other in zip((blocks.real, *blocks.synthetic), (items.real, *items.synthetic), strict=True):
        assert sorted(one.models) == sorted(other.models)
        order = [one.models.index(model) for model in other.models]
        np.testing.assert_allclose(one.observed[order], other.observed, rtol=1e-12)
        assert one.n_items == other.n_items
        assert one.blocks is not None
        assert other.stats is not None
        assert one.blocks.scored[order].tolist() == np.isfinite(other.stats[..., 0]).sum(axis=1).tolist()
        np.testing.assert_allclose(one.failure_rate()[order], other.failure_rate(), rtol=1e-12)
        assert (one.generator, one.strategy) == (other.generator, other.strategy)
    assert blocks.families == items.families
    assert blocks.not_compared == items.not_compared
    assert blocks.metric.higher_is_better == items.metric.higher_is_better
    assert blocks.metric.unit == items.metric.unit


def check(*paths: Path, real: str = "real", **options: object) -> Scores:
    """Read both ways and compare; return the blocks."""
    found = read_blocks(paths, real=real, blocks=B, **options)  # type: ignore[arg-type]  # as the caller says
    same_scores(found, read_scores(paths, real=real, **options))  # type: ignore[arg-type]
    return found


def test_long_tables(tmp_path: Path) -> None:
    for k, make in enumerate((shares, fractions)):
        found = check(write_long(tmp_path / f"{k}.parquet", both(**two(make))))
        assert found.real.blocks is not None
        assert found.real.blocks.shared == {"fake": 0}
        assert found.real.stats is not None
        assert found.real.stats.shape == (M, B, 2)


def test_sufficient_statistics_and_weights(tmp_path: Path) -> None:
    stats = two(span_counts)
    weight = {
        name: np.broadcast_to(np.random.default_rng(k).gamma(1, 1, N), (M, N))
        for k, name in enumerate(("real", "fake"))
    }
    sets = both(**{name: of[..., 0] for name, of in stats.items()})
    check(write_long(tmp_path / "span.parquet", sets, stats=stats, metric="span_f1"))
    check(write_long(tmp_path / "heavy.parquet", sets, stats=stats, metric="span_f1", more={"weight": weight}))
    check(write_long(tmp_path / "mean.parquet", both(**two()), more={"weight": weight}))
    alike = {name: np.full((M, N), 3.0) for name in weight}
    assert len(check(write_long(tmp_path / "alike.parquet", both(**two()), more={"weight": alike})).notes) == 1
    below = {name: np.where(np.arange(N) == 5, -1.0, of) for name, of in weight.items()}
    with pytest.raises(DataError, match="weight of 'real' is missing or below 0"):
        read_blocks([write_long(tmp_path / "x.parquet", both(**two()), more={"weight": below})], real="real")


def test_missing_cells_failures_and_a_solver_without_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    holes = {name: np.where(rng.random((M, N)) < 0.3, np.nan, of) for name, of in two().items()}
    holes["fake"][2] = np.nan
    failure = {name: (rng.random((M, N)) < 0.1).astype(np.float64) for name in holes}
    found = check(write_long(tmp_path / "holes.parquet", both(**holes), more={"failure": failure}))
    assert found.not_compared == {"fake": {"model 002": "no score"}}
    assert "two solvers are compared by their scores on all items that each answered" in found.notes[-1]
    read = np.where(failure["real"] > 0, np.nan, holes["real"])
    assert found.real.blocks is not None
    np.testing.assert_allclose(found.real.blocks.readable, np.nanmean(read, axis=1), rtol=1e-12)


def test_epochs_are_averaged_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "EPOCH_ROWS_AT_ONCE", 3 * N)  # several batches
    first, second = two(), {name: of[::-1] for name, of in two().items()}
    third = {name: of[:, :N] for name, of in two(fractions).items()}
    parts = []
    for epoch, of in enumerate((first, second, third)):
        # The third repeat is of some items only: an item counts once, however often it was asked.
        kept = {
            name: (items[: N // 3] if epoch == 2 else items, scores) for name, (items, scores) in both(**of).items()
        }
        kept = {name: (items, scores[:, : len(items)]) for name, (items, scores) in kept.items()}
        path = write_long(tmp_path / f"{epoch}.parquet", kept)
        table = parquet.read_table(path)
        parts.append(table.append_column("epoch", pa.array([epoch + 1] * len(table))))
    parquet.write_table(pa.concat_tables(parts), tmp_path / "epochs.parquet")
    check(tmp_path / "epochs.parquet")
    again = parts[0].set_column(parts[0].column_names.index("epoch"), "epoch", pa.array([2] * len(parts[0])))
    parquet.write_table(pa.concat_tables([*parts, again]), tmp_path / "again.parquet")
    with pytest.raises(DataError, match="benchmark 'real', model 'model 000', item 'r0' stands twice"):
        read_blocks([tmp_path / "again.parquet"], real="real", blocks=B)
    wide = write_wide(tmp_path / "wide.parquet", REAL * 2, np.tile(first["real"], 2), epoch=[1] * N + [2] * N)
    other = write_wide(tmp_path / "other.parquet", FAKE, first["fake"])
    check(wide, other, benchmark=["real", "fake"])


def test_wide_tables_of_every_type(tmp_path: Path) -> None:
    x = two()
    for form in (np.bool_, np.uint8, np.int64, np.float32):
        files = [
            write_wide(tmp_path / f"{form.__name__}-{name}.parquet", items, of.astype(form))
            for name, (items, of) in both(**x).items()
        ]
        check(*files, benchmark=["real", "fake"])
    holes = {name: np.where(np.random.default_rng(1).random((M, N)) < 0.2, np.nan, of) for name, of in x.items()}
    weight = np.random.default_rng(1).gamma(1, 1, N)
    files = [
        write_wide(tmp_path / f"w-{name}.parquet", items, of, weight=list(weight), topic=["t"] * N)
        for name, (items, of) in both(**holes).items()
    ]
    found = check(*files, benchmark=["real", "fake"], generators={"fake": "model 001"})
    assert any("gaps by topic" in note for note in found.notes)


def test_rows_without_a_name_are_items_of_their_own(tmp_path: Path) -> None:
    files = []
    for name, of in two().items():
        files.append(tmp_path / f"{name}.parquet")
        parquet.write_table(pa.table({f"m{k}": row for k, row in enumerate(of)}), files[-1])
    found = check(*files, benchmark=["real", "fake"])
    assert found.real.blocks is not None
    assert found.real.blocks.shared == {"fake": 0}


def test_a_metric_that_knows_no_sums_is_read_item_by_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = two(span_counts)
    sets = both(**{name: of[..., 0] for name, of in x.items()})
    stats = {name: of[..., :2] for name, of in x.items()}
    path = write_long(tmp_path / "s.parquet", sets, stats=stats, metric="spearman")
    monkeypatch.setattr(large, "MOST_BYTES", 1)
    assert large.read_any_size([path], real="real").real.blocks is None
    with pytest.raises(DataError, match="no function of sums"):
        large.read_any_size([path], real="real", blocks=50)


def test_parts_of_a_benchmark_in_several_files_and_forms(tmp_path: Path) -> None:
    x, half = two(), N // 2
    a = write_wide(tmp_path / "a.parquet", REAL[:half], x["real"][:, :half])
    b = write_wide(tmp_path / "b.parquet", REAL[half:], x["real"][:, half:])
    c = write_long(tmp_path / "c.parquet", {"fake": (FAKE, x["fake"])})
    d = write_long(tmp_path / "d.parquet", {"real": (["new 1", "new 2"], np.ones((M, 2)))})
    check(a, b, c, d, benchmark=["real", "real"])
    with pytest.raises(DataError, match="in two files"):
        read_blocks([a, a, c], real="real", benchmark=["real", "real"])


def test_a_score_that_leaves_the_range_by_rounding_is_put_back(tmp_path: Path) -> None:
    x = two()
    x["real"][:, 0], x["real"][:, 1] = 1.0000000000000002, -1e-12
    x["real"][2] = 1.0000000000000002
    found = check(write_long(tmp_path / "r.parquet", both(**x)))
    assert found.metric.unit
    assert found.real.observed[2] == 1
    files = [write_wide(tmp_path / f"{name}.parquet", items, of) for name, (items, of) in both(**x).items()]
    assert check(*files, benchmark=["real", "fake"]).real.observed[2] == 1


def test_percent_lower_is_better_and_several_metrics(tmp_path: Path) -> None:
    x = {name: 100 * of for name, of in two(fractions).items()}
    path = write_long(tmp_path / "p.parquet", both(**x), metric="wer")
    check(path, percent=True, lower_is_better=["wer"])
    check(path, percent=False)
    table = parquet.read_table(path)
    second = table.set_column(4, "metric", pa.array(["other"] * len(table)))
    second = second.set_column(2, "item", pa.array([f"{item} else" for item in table["item"].to_pylist()]))
    parquet.write_table(pa.concat_tables([table, second]), tmp_path / "two.parquet")
    check(tmp_path / "two.parquet", metric="wer", percent=True)
    with pytest.raises(DataError, match="2 metrics"):
        read_blocks([tmp_path / "two.parquet"], real="real")


def test_shared_items_and_bundles_fall_into_the_same_block(tmp_path: Path) -> None:
    x = two()
    part = REAL[: N // 4] + FAKE[N // 4 :]
    found = read_blocks(
        [write_long(tmp_path / "s.parquet", {"real": (REAL, x["real"]), "fake": (part, x["real"])})],
        real="real",
        blocks=B,
    )
    assert found.real.blocks is not None
    assert found.real.blocks.shared == {"fake": N // 4}
    same = read_blocks(
        [write_long(tmp_path / "t.parquet", {"real": (REAL, x["real"]), "fake": (REAL[::-1], x["real"][:, ::-1])})],
        real="real",
        blocks=B,
    )
    assert same.real.stats is not None
    np.testing.assert_array_equal(same.real.stats, same.synthetic[0].stats)
    bundles = {"real": [f"b{i // 100}" for i in range(N)], "fake": [""] * N}
    told = read_blocks([write_long(tmp_path / "u.parquet", both(**x), bundles=bundles)], real="real", blocks=1000)
    assert told.real.stats is not None
    filled = np.isfinite(told.real.stats[0, :, -1])
    assert filled.sum() == N // 100  # six bundles of 100 fill six of 1,000 blocks, unless two fall together
    assert set(told.real.stats[0, filled, -1]) == {100.0}
    assert any("whole bundles" in note for note in told.notes)


def test_what_stands_twice_is_refused_with_its_name(tmp_path: Path) -> None:
    x = two()
    items = [*REAL[:-1], REAL[0]]
    path = write_long(tmp_path / "twice.parquet", {"real": (items, x["real"]), "fake": (FAKE, x["fake"])})
    with pytest.raises(DataError, match="benchmark 'real', model 'model 000', item 'r0' stands twice"):
        read_blocks([path], real="real", blocks=B)
    files = [write_wide(tmp_path / "a.parquet", items, x["real"]), write_wide(tmp_path / "b.parquet", FAKE, x["fake"])]
    with pytest.raises(DataError, match="benchmark 'real', item 'r0' stands twice"):
        read_blocks(files, real="real", benchmark=["real", "fake"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"score": [0.5, float("inf")]}, "too large to reckon with"),
        ({"score": ["1", "much"]}, "cannot be summed up"),
        ({"model": ["a", None]}, "the model is empty"),
        ({"item": ["i", ""]}, "rows without an item"),
        ({"item": [[1], [2]]}, "and no names"),
        ({"kind": ["real", "other"]}, "more than one kind"),
        ({"benchmark": ["fake", "fake"]}, "no benchmark is called 'real'"),
    ],
)
def test_what_is_no_score_is_refused(tmp_path: Path, change: dict[str, list[object]], says: str) -> None:
    rows: dict[str, list[object]] = {
        "benchmark": ["real", "real"],
        "model": ["a", "b"],
        "item": ["i", "i"],
        "score": [1.0, 0.0],
    }
    parquet.write_table(pa.table({**rows, **change}), tmp_path / "x.parquet")
    other = write_long(tmp_path / "y.parquet", {"fake": (["f"], np.ones((2, 1)))})
    with pytest.raises(DataError, match=says):
        read_blocks([tmp_path / "x.parquet", other], real="real")


def test_names_of_strangers_are_data(tmp_path: Path) -> None:
    folder = tmp_path / "it's; DROP TABLE [x]*"
    folder.mkdir()
    names = ['a"; DROP TABLE items0; --', "a", "A", "c1", "'", "select", "x\ty", "\N{SNOWMAN}"]
    scores = np.random.default_rng(0).random((len(names), N))
    files = []
    for name in ("real", "fake"):
        columns = {
            "item": [f"{name}' OR 1=1 -- {i}" for i in range(N)],
            **dict(zip(names, map(pa.array, scores), strict=True)),
        }
        files.append(folder / f"{name}'\" ?.parquet")
        parquet.write_table(pa.table(columns), files[-1])
    found = check(*files, real="real' --", benchmark=["real' --", 'f"ake'])
    order = [found.real.models.index(name) for name in names]  # each name has its own numbers, also a and A
    np.testing.assert_allclose(found.real.observed[order], scores.mean(axis=1), rtol=1e-12)
    spread = np.array(both(**two())["real"][1])
    long = write_long(tmp_path / "l.parquet", {"r'; --": (REAL, spread), "f": (FAKE, spread)})
    check(long, real="r'; --")


def test_no_other_file_is_read_and_nothing_is_fetched(tmp_path: Path) -> None:
    path = write_long(tmp_path / "a.parquet", both(**two()))
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with open_session([path]) as session:
        for sql in (
            f"FROM read_csv('{secret}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'new.db'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/']",
        ):
            with pytest.raises(DataError):
                session.do(sql)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.parquet", "secret.csv"]


def test_only_what_is_too_large_is_summed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_long(tmp_path / "a.parquet", both(**two()))
    assert large.read_any_size([path], real="real").real.blocks is None
    monkeypatch.setattr(large, "MOST_BYTES", 2 * M * N * large.BYTES_PER_SCORE - 1)
    found = large.read_any_size([path], real="real").real
    assert found.blocks is not None
    assert np.asarray(found.stats).shape[1] == 2000
    csv = tmp_path / "a.csv"
    csv.write_text("benchmark,model,item,score\n")
    with pytest.raises(DataError, match="no Parquet"):
        large.read_any_size([csv], real="real", blocks=100)
    for options, says in (({"blocks": 3}, "--blocks is 3"), ({"blocks": 99, "judged": ["fake"]}, "needs single items")):
        with pytest.raises(DataError, match=says):
            large.read_any_size([path], real="real", **options)


def test_a_large_table_takes_little_memory(tmp_path: Path) -> None:
    """200 solvers on 100,000 items twice, 40 million scores, would take 4 GB item by item."""
    rng = np.random.default_rng(0)
    files = []
    for name in ("real", "fake"):
        columns = {f"m{k}": rng.integers(0, 2, 100_000, np.uint8) for k in range(200)}
        files.append(tmp_path / f"{name}.parquet")
        table = pa.table({"item": [f"{name}{i}" for i in range(100_000)], **columns})
        parquet.write_table(table, files[-1], row_group_size=20_000, use_dictionary=["item"], compression="none")
    code = (
        "import sys\n"
        "from peak_memory import own_peak\n"
        "from acidtest.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(own_peak(), file=sys.stderr)\n"
    )
    words = ["audit", *map(str, files), "--real", "real", "--benchmark", "real", "--benchmark", "fake", "--json", "-"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, env=environment
    )
    assert '"real"' in done.stdout
    assert int(done.stderr.split()[-1]) < 700e6
