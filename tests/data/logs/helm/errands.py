"""Two small HELM runs of our own: short answers with misspelt copies and two trials, and letters of choices."""

from dataclasses import replace
from typing import ClassVar

from helm.benchmark.adaptation.common_adapter_specs import (
    get_generation_adapter_spec,
    get_multiple_choice_joint_adapter_spec,
)
from helm.benchmark.augmentations.data_augmenter import DataAugmenterSpec
from helm.benchmark.augmentations.perturbation import PerturbationSpec
from helm.benchmark.metrics.common_metric_specs import (
    get_basic_metric_specs,
    get_classification_metric_specs,
    get_exact_match_metric_specs,
)
from helm.benchmark.run_spec import RunSpec, run_spec_function
from helm.benchmark.scenarios.scenario import (
    CORRECT_TAG,
    TEST_SPLIT,
    TRAIN_SPLIT,
    VALID_SPLIT,
    Input,
    Instance,
    Output,
    Reference,
    Scenario,
    ScenarioMetadata,
    ScenarioSpec,
)

QUESTIONS = [
    ("Which animal says moo?", ["cow", "hen", "cat"], TRAIN_SPLIT),
    ("Which of them can one drink?", ["milk", "bread", "salt"], TRAIN_SPLIT),
    ("Which of them has wheels?", ["cart", "table", "spoon"], VALID_SPLIT),
    ("What is the capital of France?", ["Paris", "London", "Rome"], TEST_SPLIT),
    ("What colour is the sky at noon?", ["blue", "green", "brown"], TEST_SPLIT),
    ("Which animal barks?", ["dog", "fish", "worm"], TEST_SPLIT),
    ("What is two and two?", ["4", "7", "1"], TEST_SPLIT),
]


class ErrandsScenario(Scenario):
    """A handful of questions."""

    name = "errands"
    description = "A handful of questions."
    tags: ClassVar[list[str]] = []

    def get_instances(self, output_path: str) -> list[Instance]:
        """Return the questions; the first answer is the right one, shown at a place of its own."""
        del output_path
        instances = []
        for n, (question, answers, split) in enumerate(QUESTIONS):
            references = [Reference(Output(text=a), tags=[CORRECT_TAG] if a == answers[0] else []) for a in answers]
            turned = references[(n + 1) % 3 :] + references[: (n + 1) % 3]
            instances.append(Instance(Input(text=question), references=turned, split=split))
        return instances

    def get_metadata(self) -> ScenarioMetadata:
        """Return what HELM's pages show."""
        return ScenarioMetadata(name="errands", main_metric="exact_match", main_split="test")


_SCENARIO = ScenarioSpec(class_name="errands.ErrandsScenario")


@run_spec_function("errands_words")
def words() -> RunSpec:
    """Short answers, misspelt copies too; two trials with other examples in the prompt."""
    misspelt = PerturbationSpec(
        class_name="helm.benchmark.augmentations.misspelling_perturbation.MisspellingPerturbation", args={"prob": 1.0}
    )
    augment = DataAugmenterSpec(
        perturbation_specs=[misspelt], should_augment_eval_instances=True, should_include_original_eval=True
    )
    adapter = get_generation_adapter_spec(instructions="Answer in one word.", max_tokens=8, max_train_instances=1)
    adapter = replace(adapter, num_train_trials=2)
    metrics = get_basic_metric_specs(["exact_match", "quasi_exact_match", "f1_score"])
    return RunSpec(
        name="errands_words:hints=one",
        scenario_spec=_SCENARIO,
        adapter_spec=adapter,
        metric_specs=[*metrics, *get_classification_metric_specs()],
        data_augmenter_spec=augment,
        groups=["errands"],
    )


@run_spec_function("errands_letters")
def letters() -> RunSpec:
    """The same questions with choices; the answer is a letter."""
    adapter = get_multiple_choice_joint_adapter_spec(
        instructions="Answer with a letter.", input_noun="Question", output_noun="Answer", max_train_instances=2
    )
    adapter = replace(adapter, max_tokens=1)
    return RunSpec(
        name="errands_letters",
        scenario_spec=_SCENARIO,
        adapter_spec=adapter,
        metric_specs=get_exact_match_metric_specs(),
        groups=["errands"],
    )
