"""One fit of the two-parameter model by another package.

    python irt_fit.py PEER TABLE RESULT SECONDS

TABLE: .npz with `scores` [solvers, items] of 0, 1 and NaN. RESULT: .npz with ability, discrimination, difficulty and
cpu, the seconds that the fit and the abilities took; imports do not count. SECONDS: of
CPU time, then the process is ended.
"""

import contextlib
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Fitted = tuple[FloatArray, FloatArray, FloatArray, float]
"""Abilities, discriminations, difficulties, and seconds of CPU time."""

PY_IRT_EPOCHS = 2000
"""The package's own default."""


def girth(scores: FloatArray) -> Fitted:
    import girth as package

    data = np.where(np.isnan(scores), 0, scores).astype(int).T
    if np.isnan(scores).any():
        data = package.tag_missing_data(np.where(np.isnan(scores), -1, scores).astype(int).T, [0, 1])
    began = time.process_time()
    found = package.twopl_mml(data)
    ability = package.ability_eap(data, found["Difficulty"], found["Discrimination"])
    return ability, found["Discrimination"], found["Difficulty"], time.process_time() - began


def mirt(scores: FloatArray) -> Fitted:
    import mirt as package

    began = time.process_time()
    fit = package.fit_mirt(scores, model="2PL")
    ability = np.asarray(package.fscores(fit, scores).theta).ravel()
    parameters = fit.model.parameters
    seconds = time.process_time() - began
    return (
        ability,
        np.asarray(parameters["discrimination"]).ravel(),
        np.asarray(parameters["difficulty"]).ravel(),
        seconds,
    )


def py_irt(scores: FloatArray) -> Fitted:
    import pyro
    import torch
    from py_irt.config import IrtConfig
    from py_irt.dataset import Dataset
    from py_irt.training import IrtModelTrainer

    torch.manual_seed(0)
    torch.set_num_threads(1)
    pyro.set_rng_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "responses.jsonl"
        with path.open("w") as out:
            for solver, row in enumerate(scores):
                answers = {f"i{i}": int(x) for i, x in enumerate(row) if np.isfinite(x)}
                out.write(json.dumps({"subject_id": f"s{solver}", "responses": answers}) + "\n")
        data = Dataset.from_jsonlines(str(path))
    began = time.process_time()
    config = IrtConfig(model_type="2pl", priors="hierarchical", epochs=PY_IRT_EPOCHS)
    trainer = IrtModelTrainer(config=config, data_path=None, dataset=data, verbose=False)
    trainer.train(epochs=PY_IRT_EPOCHS, device="cpu")
    best = trainer.best_params
    seconds = time.process_time() - began
    solver = {name: place for place, name in best["subject_ids"].items()}
    item = {name: place for place, name in best["item_ids"].items()}
    ability = np.array([best["ability"][solver[f"s{j}"]] for j in range(scores.shape[0])])
    order = [item[f"i{i}"] for i in range(scores.shape[1])]
    return ability, np.array(best["disc"])[order], np.array(best["diff"])[order], seconds


def acidtest(scores: FloatArray) -> Fitted:
    from acidtest.stats.irt.fit import fit_irt

    fit_irt(scores[:, :50])  # compiled before the clock starts
    began = time.process_time()
    fit = fit_irt(scores)
    return fit.ability, fit.items.discrimination, fit.items.difficulty, time.process_time() - began


PEERS = {"girth": girth, "mirt": mirt, "py_irt": py_irt, "acidtest": acidtest}

if __name__ == "__main__":
    peer, table, result, seconds = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    with contextlib.redirect_stdout(sys.stderr):
        ability, discrimination, difficulty, cpu = PEERS[peer](np.load(table)["scores"])
    np.savez(result, ability=ability, discrimination=discrimination, difficulty=difficulty, cpu=cpu)
