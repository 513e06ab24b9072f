"""The real benchmark of a study: read, checked, and parted into what is evaluated and what may be shown."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

from acidtest import registry
from acidtest.data.datasets.catalogue import load_dataset
from acidtest.data.labels import labels_of
from acidtest.data.read import each_checked, spooled_items
from acidtest.data.split import sample, split_pool, without_copies
from acidtest.errors import DataError
from acidtest.study.schema import GivenSet, RealSource, StudyFile
from acidtest.tasks.base import Task
from acidtest.types import Benchmark, Item


def task_class(study: StudyFile) -> type[Task]:
    """Return the task's class."""
    found: type[Task] = registry.get("task", study.task)
    return found


def real_benchmark(study: StudyFile, study_folder: Path) -> Benchmark:
    """Return the study's real benchmark with its pool.

    Raises:
        DataError: A file cannot be read, holds no items, an item is not one of this task, or the study's metric
            cannot measure these items.
    """
    source = study.real
    if source.dataset is not None:
        whole = load_dataset(source.dataset, source.split, seed=study.seed, pool_share=source.pool_share)
    else:
        whole = _from_file(source, study_folder, study)
    items, pool = whole.items, without_copies(whole.pool, whole.items)
    items = sample(items, source.limit, study.seed, "items")
    pool = sample(pool, source.pool_limit, study.seed, "pool")
    name = source.name or whole.name
    labels = tuple(study.labels) or whole.labels
    if not labels and task_class(study).labelled:
        labels = labels_of(chain(items, pool))
    benchmark = replace(whole, name=name, items=items, pool=pool, labels=labels)
    task = task_class(study)(labels, study.description)
    where = f"data set {source.dataset}" if source.dataset else str(source.path)
    for item in chain(each_checked(items, labels if task.labelled else (), where), pool):
        refuse_problem(task, item, where)
    problem = task.problem_of_set(task.metric(study.metric).name, benchmark.items)
    if problem:
        way_out = f"Give its items a 'bundle', or set 'metric' to {' or '.join(task.metrics[:2])}."
        raise DataError(problem, where=where, way_out=way_out)
    return benchmark


def given_benchmark(given: GivenSet, study_folder: Path, task: Task) -> Benchmark:
    """Return a synthetic benchmark that is already there."""
    path = study_folder / given.path
    items = spooled_items(path, task.shape, given.columns)
    for item in each_checked(items, task.labels if task.labelled else (), str(path)):
        refuse_problem(task, item, str(path))
    return Benchmark(name=given.name, kind="synthetic", items=items, labels=task.labels, generator=given.generator)


def refuse_problem(task: Task, item: Item, where: str) -> None:
    """Raise what is wrong with an item, with its place and the way out."""
    problem = task.problem(item)
    if problem:
        raise DataError(
            f"item '{item.id[:100]}': {problem}",
            where=where,
            way_out="Mend the item, or list all labels under 'labels:' of the study file."
            if task.labelled
            else "Mend the item, or leave it out.",
        )


def _from_file(source: RealSource, study_folder: Path, study: StudyFile) -> Benchmark:
    shape = task_class(study).shape
    path = study_folder / str(source.path)
    whole = spooled_items(path, shape, source.columns)
    name = source.name or path.name.removesuffix(".gz").rpartition(".")[0]
    if source.pool is not None:
        pool = spooled_items(study_folder / source.pool, shape, source.columns)
        return Benchmark(name=name, kind="real", items=whole, pool=pool)
    items, shown = split_pool(whole, source.pool_share, study.seed)
    return Benchmark(name=name, kind="real", items=items, pool=shown)
