"""Classic solvers of reading and math: what each can find is built into a pool, and found."""

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from acidtest.data.datasets.catalogue import load_dataset
from acidtest.errors import DataError
from acidtest.models.base import ClassicSolver
from acidtest.registry import get, names
from acidtest.tasks.base import Task
from acidtest.tasks.math import MathTask
from acidtest.tasks.reading import ReadingTask
from acidtest.types import Item

LABELS = ("YES", "NO", "DON'T KNOW")
READING, FREE, MATH = ReadingTask(LABELS), ReadingTask(), MathTask()


def made(name: str, pool: Sequence[Item], labels: Sequence[str]) -> ClassicSolver:
    solver = get("classic", name)()
    assert isinstance(solver, ClassicSolver)
    solver.fit(pool, labels, 0)
    return solver


def right(name: str, pool: Sequence[Item], items: Sequence[Item], task: Task) -> float:
    """Return the share of answers that are right."""
    answers = made(name, pool, task.labels).answer(items)
    return sum(task.score(i, task.read(text, i)) for text, i in zip(answers, items, strict=True)) / len(items)


def item_of(passage: str, question: str, target: str, name: str = "1") -> Item:
    return Item(id=name, input={"passage": passage, "question": question}, target=target)


def told(count: int, seed: int) -> list[Item]:
    """Return questions whose answer is NO where question and passage hold one negation together, else YES."""
    rng = random.Random(seed)
    items = []
    for k in range(count):
        denied, asked = rng.random() < 0.5, rng.random() < 0.4
        passage = f"The sky is grey. King {k} was {'never ' if denied else ''}in Rome. Nobody is sure of the rest."
        question = f"Was king {k} {'not ' if asked else ''}in Rome?"
        items.append(item_of(passage, question, "NO" if denied != asked else "YES", f"{seed}-{k}"))
    return items


def test_negations_of_question_and_its_sentence_are_counted() -> None:
    assert right("negation_parity", told(40, 1), told(100, 2), READING) == 1
    turned = [item.model_copy(update={"target": {"YES": "NO", "NO": "YES"}[str(item.target)]}) for item in told(40, 1)]
    assert right("negation_parity", turned, told(100, 2), READING) == 0  # the pool says which is which


@pytest.mark.parametrize(
    "word",
    [
        "not",
        "never",
        "nobody",
        "without",
        "unknown",
        "didn't",
        "didn\u2019t",
        "hopeless",
        "refused",
        "absence",
        "denied",
    ],
)
def test_negations_are_known(word: str) -> None:
    pool = [item_of("x", "x not", "NO", "1"), item_of("x", "x", "YES", "2")]
    found = made("negation_parity", pool, LABELS).answer(
        [item_of(f"He {word} it.", "He it?", ""), item_of("x", word, "")]
    )
    assert found == ["NO", "NO"]


@pytest.mark.parametrize(
    "word", ["under", "until", "united", "notable", "nobleman", "note", "universe", "unless", "uncle"]
)
def test_words_that_only_look_like_negations_are_none(word: str) -> None:
    pool = [item_of("x", "x not", "NO", "1"), item_of("x", "x", "YES", "2")]
    assert made("negation_parity", pool, LABELS).answer([item_of(f"He {word} it.", "He it?", "")]) == ["YES"]


def test_overlap_tells_labels_apart_where_answers_stand_in_the_passage() -> None:
    rng = random.Random(0)
    items = []
    for k in range(60):
        inside = rng.random() < 0.6
        passage = f"Bears sleep. Queen {k} loved old Vienna." if inside else "Bears sleep. Rain fell."
        items.append(item_of(passage, f"Who loved old Vienna, queen {k}?", "YES" if inside else "DON'T KNOW", str(k)))
    assert right("overlap_sentence", items[:40], items[40:], READING) == 1


def test_without_labels_words_of_the_nearest_sentence_are_answered() -> None:
    passage = "The war began in May. Ada Lovelace wrote 3 notes in Oslo. Bears sleep."
    items = [
        item_of(passage, "Who wrote notes in Oslo?", "Ada Lovelace 3"),
        item_of(passage, "How many notes did Ada Lovelace write?", "3"),
        item_of(passage, "When was the war?", "began in May"),
    ]
    found = made("overlap_sentence", items, ()).answer(items)
    assert found == ["Ada Lovelace 3", "3", "began May"]
    assert FREE.sufficient("f1", items[2:], [FREE.read(found[2], items[2])])[0, 0] == 0.8


def test_linear_solvers_learn_what_their_texts_give_away() -> None:
    rng = random.Random(1)
    pool: list[Item] = []
    items: list[Item] = []
    for k in range(160):
        label = rng.choice(LABELS)
        passage = {"YES": "sunny and warm", "NO": "cold rain", "DON'T KNOW": "fog"}[label]
        (pool if k < 80 else items).append(item_of(f"{passage} x{k}", f"how is day {k % 7}?", label, str(k)))
    assert right("passage_logreg", pool, items, READING) == 1
    assert right("question_logreg", pool, items, READING) < 0.6  # it does not see the passage
    swapped = [item_of(i.input["question"], i.input["passage"], str(i.target), i.id) for i in pool]
    asked = [item_of(i.input["question"], i.input["passage"], str(i.target), i.id) for i in items]
    assert right("question_logreg", swapped, asked, READING) == right("nearest_question", swapped, asked, READING) == 1


def test_other_forms_of_gold_answers_are_learned_from() -> None:
    pool = [item_of("p", "q", "x", "1").model_copy(update={"target": {"answers": [["Rome", "Oslo"], "x"]}})]
    assert made("majority_answer", pool, ()).answer(pool) == ["Rome; Oslo"]
    assert made("nearest_question", pool, ()).answer(pool) == ["Rome; Oslo"]
    among = [*pool, item_of("p", "q", "NO", "2")]
    assert made("majority_answer", among, LABELS).answer(pool) == ["NO"]
    with pytest.raises(DataError, match="no item there has one of the labels"):
        made("majority_answer", pool, LABELS)


@pytest.mark.parametrize("name", ["question_logreg", "passage_logreg"])
def test_solvers_that_choose_among_labels_say_that_there_are_none(name: str) -> None:
    with pytest.raises(DataError, match=f"'{name}' chooses among labels"):
        made(name, told(5, 1), ())


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("last_number", "Ann has 3 pens and buys 1,200 more for $2.50.", Fraction(5, 2)),
        ("number_sum", "3 and 4.5 and x2", Fraction(15, 2)),
        ("number_product", "3 and 4 and 5", Fraction(60)),
        ("number_difference", "She gives 3 and 4 of her 20 away.", Fraction(13)),
        ("number_quotient", "20 pens for 3 or 0", Fraction(20, 3)),
        ("number_sum", "none at all", Fraction(0)),
        ("number_quotient", "0 and 0", Fraction(0)),
    ],
)
def test_rules_of_math(name: str, question: str, answer: Fraction) -> None:
    item = Item(id="1", input={"question": question}, target=str(answer))
    assert right(name, [], [item], MATH) == 1


def test_solvers_of_math_differ_on_svamp(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subtraction is the most frequent of SVAMP's types, so the rule that subtracts is the best."""
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    benchmark = load_dataset("svamp")
    found = {n: right(n, [], benchmark.items, MATH) for n in names("classic") if get("classic", n).tasks == {"math"}}
    assert found["last_number"] < found["number_sum"] < found["number_quotient"] < found["number_difference"] < 0.3
    assert Counter(str(item.topic) for item in benchmark.items).most_common(1)[0][0] == "Subtraction"


def test_solvers_of_reading_are_near_the_majority_on_condaqa(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """45 items to learn from: none reads, and none gets whole bundles right. 3457 of 7240 are NO."""
    monkeypatch.setenv("ACIDTEST_DATA", str(real_data))
    benchmark = load_dataset("condaqa")
    items = benchmark.items[:1500]
    solvers = [n for n in names("classic") if get("classic", n).tasks == {"reading"}]
    found = {name: right(name, benchmark.pool, items, READING) for name in solvers}
    assert len(found) == 6
    assert found["majority_answer"] == sum(item.target == "NO" for item in items) / len(items)
    assert all(0.4 < share < 0.53 for share in found.values())
    assert len({round(share, 3) for share in found.values()}) >= 5
