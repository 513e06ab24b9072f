"""What a study file may say. Unknown keys are refused, so that a slip of the pen is never silently ignored."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from acidtest.models.base import ModelSettings, ModelSpec
from acidtest.types import Reading, Record

Name = Annotated[str, Field(min_length=1, max_length=200)]


class RealSource(Record):
    """The real benchmark: a registered data set, or a file of one's own."""

    dataset: str | None = Field(default=None, description="name from 'acidtest list datasets'")
    path: str | None = Field(default=None, description="file of items, relative to the study file")
    name: str | None = Field(default=None, description="what the benchmark is called; the data set's or file's name")
    split: str | None = Field(default=None, description="which split is evaluated; the data set's test split")
    columns: dict[str, str] = Field(default_factory=dict, description="field of the task -> column of the file")
    limit: int | None = Field(default=None, ge=1, description="evaluate a seeded sample of this many items")
    pool: str | None = Field(default=None, description="file of items that may be shown as examples")
    pool_share: float = Field(default=0.3, gt=0, lt=1, description="share of the items that becomes the pool")
    pool_limit: int | None = Field(default=None, ge=1, description="use a seeded sample of the pool")

    @model_validator(mode="after")
    def _one_source(self) -> "RealSource":
        if (self.dataset is None) == (self.path is None):
            raise ValueError("name either 'dataset' or 'path'")
        if self.dataset is not None and (self.columns or self.pool):
            raise ValueError("'columns' and 'pool' go with 'path', not with 'dataset'")
        return self


class GeneratorSpec(Record):
    """One synthetic benchmark: who writes it, how, and how many items."""

    model: Name
    strategy: str = "few_shot"
    name: Name | None = Field(default=None, description="what its benchmark is called; MODEL.STRATEGY unless named")
    items: int = Field(ge=1, le=1_000_000)
    calls: int | None = Field(
        default=None,
        ge=1,
        description="most calls; ten times those that the items take if none is rejected, unless said otherwise",
    )
    temperature: float = Field(default=0.99, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    min_p: float = Field(default=0.05, ge=0, lt=1)
    near_copy: float = Field(default=0.9, gt=0, le=1, description="likeness from which two texts count as copies")
    options: dict[str, JsonValue] = Field(default_factory=dict, description="the strategy's own settings")

    @property
    def benchmark(self) -> str:
        """Name of the benchmark that it makes."""
        return self.name or f"{self.model}.{self.strategy}"


class GivenSet(Record):
    """A synthetic benchmark that is already there, as a file of items."""

    name: Name
    path: str
    columns: dict[str, str] = Field(default_factory=dict)
    generator: str | None = Field(default=None, description="the model that wrote it")


class SolverSpec(Record):
    """A model that answers all items; `shots` examples are shown with each (per label, where the task has labels)."""

    model: Name
    shots: int = Field(default=1, ge=0, le=100)
    read: Reading = Field(
        default="text", description="how answers are read: text, or logprob (the likeliest first token, where given)"
    )


class ValiditySettings(Record):
    """Who says of the items whether they are what the task asks for, and by which rubric."""

    rubric: str = Field(default="", description="'reading.v1', or a .yaml file; the task's newest rubric unless named")
    judges: list[Name] = Field(default_factory=list, description="models that rate the items")
    items: int | None = Field(default=None, ge=1, description="rate a seeded sample of so many items of each benchmark")
    real: bool = Field(default=True, description="rate the real items, too")
    overlap: int = Field(default=2, ge=1, le=100, description="people who rate each item in the review app")
    narrow: float = Field(
        default=0.05, gt=0, lt=1, description="the review app stops asking once the interval's half-width is this small"
    )


class ExposureSettings(Record):
    """How chance keeps all solvers from being asked the same few items."""

    best: int = Field(default=1, ge=1, le=10_000, description="draw each item among so many best ones")
    share: float = Field(
        default=1.0, gt=0, le=1, description="each solver may be asked a random share of the items only"
    )


class AdaptiveSettings(Record):
    """Ask language models only the items that say most about them, and predict their scores on the whole benchmark."""

    items: int = Field(default=50, ge=1, le=1_000_000, description="most items asked of a solver on a benchmark")
    se: float | None = Field(default=None, gt=0, description="stop once the ability is known to this standard error")
    least: int = Field(default=10, ge=1, description="never stop by 'se' before so many items")
    round: int = Field(default=5, ge=1, le=1024, description="items asked side by side, before the next are chosen")
    gamma: float = Field(default=0.0, ge=0, le=4, description="information counts per token of the prompt ** gamma")
    topics: bool = Field(default=False, description="keep the topics' shares near those of the benchmark")
    exposure: ExposureSettings = ExposureSettings()
    bank: str | None = Field(default=None, description="file of calibrated items, relative to the study file")
    calibrate: list[Name] = Field(
        default_factory=list,
        description="without a bank: language models that answer everything, to calibrate the items",
    )

    @model_validator(mode="after")
    def _one_bank(self) -> "AdaptiveSettings":
        if self.bank is not None and self.calibrate:
            raise ValueError("'calibrate' is for a study without a 'bank': name one of the two")
        return self


class PromptFiles(Record):
    """Prompt files other than the newest ones: 'judge_rubric.v1', or a .md file of your own."""

    judge: str = Field(default="", description="what judges of items are asked with")
    match: str = Field(default="", description="what the judge of answers is asked with")


class Limits(Record):
    """What the study may cost."""

    max_cost: float | None = Field(default=None, ge=0, description="US dollars; no call is sent that could cross it")
    max_calls: int | None = Field(default=None, ge=0)


class VerdictLimits(Record):
    """Where the verdict draws its lines; the defaults are those of the documentation."""

    score: float = Field(default=0.05, gt=0, description="largest root mean squared difference of true scores")
    rank: float = Field(default=0.90, gt=0, le=1, description="least share of pairs that are ordered alike")
    differ: float = Field(default=0.02, ge=0, description="true difference below which two solvers count as equal")
    regret: float = Field(default=0.02, ge=0, description="most that may be lost by choosing with the synthetic set")
    certainty: float = Field(default=0.95, gt=0.5, lt=1, description="probability from which a choice is safe")


def _solver(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


def _refuse_strange(value: Any, key: str) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _refuse_strange(name, f"{key}.{name}")
            _refuse_strange(inner, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            _refuse_strange(inner, f"{key}.{position}")
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= c <= "\udfff" for c in value)):
        shown = key[1:].encode("utf-8", "replace").decode("utf-8")
        raise ValueError(f"the text of '{shown}' holds a character that no text can have")
    elif isinstance(value, int | float) and not abs(value) < 2**63:
        raise ValueError(f"the number of '{key[1:]}' is too large")


class StudyFile(Record):
    """A whole study file."""

    study: Name
    task: str
    description: str = Field(default="", description="one sentence for generators and solvers: what the task asks for")
    seed: int = Field(default=0, ge=0, lt=2**32)
    metric: str = Field(default="", description="the task's default metric unless named")
    labels: list[str] = Field(default_factory=list, description="all labels; those of the real benchmark unless given")
    real: RealSource
    models: dict[Name, ModelSettings] = Field(default_factory=dict)
    generators: list[GeneratorSpec] = Field(default_factory=list)
    synthetic: list[GivenSet] = Field(default_factory=list)
    solvers: list[Annotated[SolverSpec, BeforeValidator(_solver)]] = Field(min_length=1)
    judge: Name | None = Field(default=None, description="the model that says whether answers are right, where asked")
    validity: ValiditySettings | None = Field(default=None, description="are the items what the task asks for?")
    adaptive: AdaptiveSettings | None = Field(default=None, description="ask language models some of the items only")
    prompts: PromptFiles = PromptFiles()
    limits: Limits = Limits()
    prices: str | None = Field(default=None, description="file of prices, over the built-in ones")
    verdict: VerdictLimits = VerdictLimits()
    level: float = Field(default=0.95, ge=0.5, lt=1)
    right_at: float | None = Field(
        default=None,
        description="for bundles: an item is right from this score on; 1 where all scores are 0 or 1, else .8",
    )
    cache: bool = Field(default=True, description="keep and use answers of other runs")

    @model_validator(mode="before")
    @classmethod
    def _values_can_be_kept(cls, values: Any) -> Any:
        """Refuse, wherever it stands, what no path, no JSON and no sum can hold."""
        _refuse_strange(values, "")
        return values

    @model_validator(mode="after")
    def _names_are_one(self) -> "StudyFile":
        made = [g.benchmark for g in self.generators] + [s.name for s in self.synthetic]
        for what, names in (
            ("synthetic benchmarks", made),
            ("solvers", [s.model for s in self.solvers]),
            ("labels", self.labels),
            ("judges", self.judges),
        ):
            twice = {n for n in names if names.count(n) > 1}
            if twice:
                raise ValueError(f"two {what} are called '{min(twice)}'")
        if not made:
            raise ValueError("name at least one entry under 'generators' or 'synthetic'")
        return self

    @property
    def judges(self) -> list[str]:
        """Names of the models that rate items."""
        return list(self.validity.judges) if self.validity else []

    def model_spec(self, name: str) -> ModelSpec:
        """Return the settings of a model by its name under `models:`, or by `provider:model`."""
        if name in self.models:
            return ModelSpec(name=name, **self.models[name].model_dump())
        return ModelSpec(name=name, use=name)
