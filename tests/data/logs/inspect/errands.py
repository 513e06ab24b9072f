"""Two small Inspect tasks: questions of our own, four scorers, one sample that breaks; and samples without ids."""

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, includes, match, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

QUESTIONS = [
    ("Say hello to the baker.", "hello"),
    ("What is the capital of France? One word.", "Paris"),
    ("What colour is the sky at noon? One word.", "blue"),
    ("Ten apples, four are eaten. How many are left?", "6"),
    ("Which animal barks, a dog or a fish?", "dog"),
    ("Count from 1 to 5.", "5"),
]


@solver
def breaks_on(word: str) -> Solver:
    """Raise an error where the question holds a word."""

    async def solve(state: TaskState, _: Generate) -> TaskState:
        if word and word in state.input_text:
            raise RuntimeError(f"the question holds '{word}'")
        return state

    return solve


@scorer(metrics={"short": [mean()], "digits": [mean()]})
def shape() -> Scorer:
    """How short an answer is, in [0, 1], and whether a digit stands in it (None where there is no answer)."""

    async def score(state: TaskState, _: Target) -> Score:
        text = state.output.completion
        digits = any(c.isdigit() for c in text) if text else None
        return Score(value={"short": 1 / (1 + len(text.split())), "digits": digits}, answer=text[:20])

    return score


@scorer(metrics=[mean(), stderr()])
def graded() -> Scorer:
    """C, P, N or I by how much of the target stands in the answer; NaN (not scored) where the answer is long."""

    async def score(state: TaskState, target: Target) -> Score:
        text = state.output.completion.lower()
        if len(text) > 70:
            return Score.unscored(reason="grader_failed", explanation="too long to grade")
        if not text.strip():
            return Score(value="N")
        found = target.text.lower() in text
        return Score(value="C" if found and len(text) < 40 else "P" if found else "I", answer=text[:30])

    return score


def samples(*, named: bool) -> list[Sample]:
    """Return the questions, with ids of their own or without."""
    return [
        Sample(input=question, target=target, id=f"q-{n}" if named else None)
        for n, (question, target) in enumerate(QUESTIONS)
    ]


@task
def errands(breaks: str = "barks") -> Task:
    """Two epochs, samples with ids, one that raises an error."""
    return Task(
        dataset=MemoryDataset(samples(named=True), name="errands"),
        solver=[breaks_on(breaks), generate()],
        scorer=[includes(), match(numeric=False), shape(), graded()],
        epochs=Epochs(2, ["mean", "mode"]),
        fail_on_error=False,
    )


@task
def unnamed(*, shuffled: bool = False) -> Task:
    """The last questions and one of choices, without ids: Inspect numbers them as they come, after shuffling."""
    choices = Sample(input="Which of these is a fruit?\nA) brick\nB) plum", choices=["brick", "plum"], target="B")
    data = MemoryDataset([*samples(named=False)[3:], choices], name="errands")
    if shuffled:
        data.shuffle(seed=3)
        data.shuffle_choices(seed=1)
    return Task(dataset=data, solver=generate(), scorer=includes())
