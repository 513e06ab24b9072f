"""Reports made by hand: what the page and the terminal must be able to show."""

import math

from acidtest.report.samples import Sample
from acidtest.stats.estimate import Estimate
from acidtest.types import BiasFactor, FidelityReport, OrderTest, Use, Verdict

NAN = math.nan
REAL = "snips"
SMOL, QWEN, LLAMA = "smollm2-135m.few_shot", "qwen2.5-1.5b.few_shot", "llama3.2-3b.entity_first"
SETS = (SMOL, QWEN, LLAMA)
GENERATORS = {SMOL: "smollm2-135m", QWEN: "qwen2.5-1.5b", LLAMA: "llama3.2-3b"}

SCORES: dict[str, dict[str, float]] = {
    REAL: {
        "tfidf_logreg": 0.964, "char_ngram_nb": 0.941, "llama3.2-3b": 0.923, "nearest_centroid": 0.897,
        "qwen2.5-1.5b": 0.884, "keyword_rules": 0.731, "smollm2-135m": 0.617, "majority": 0.143,
    },
    SMOL: {
        "tfidf_logreg": 0.870, "char_ngram_nb": 0.845, "llama3.2-3b": 0.790, "nearest_centroid": 0.815,
        "qwen2.5-1.5b": 0.755, "keyword_rules": 0.610, "smollm2-135m": 0.735, "majority": 0.160,
    },
    QWEN: {
        "tfidf_logreg": 0.975, "char_ngram_nb": 0.960, "llama3.2-3b": 0.945, "nearest_centroid": 0.930,
        "qwen2.5-1.5b": 0.965, "keyword_rules": 0.805, "smollm2-135m": 0.660, "majority": 0.140,
    },
    LLAMA: {
        "tfidf_logreg": 0.955, "char_ngram_nb": 0.935, "llama3.2-3b": 0.940, "nearest_centroid": 0.880,
        "qwen2.5-1.5b": 0.870, "keyword_rules": 0.745, "majority": 0.145,
    },
}  # fmt: skip
"""Benchmark -> solver -> score, real order first; one solver did not answer the last set."""

FIDELITY: dict[str, dict[str, tuple[float, float, float, float]]] = {
    SMOL: {
        "gap": (-0.065, NAN, -0.088, -0.041), "mspd": (0.01192, 0.01131, 0.0078, 0.0163),
        "mspd_excess": (0.01063, 0.01060, 0.0066, 0.0151), "srcc": (0.857, 0.905, 0.714, 0.952),
        "kendall_tau": (0.714, 0.786, 0.571, 0.857), "pearson": (0.954, 0.962, 0.912, 0.984),
        "pairwise_agreement": (0.857, 0.893, 0.786, 0.929), "top1_agreement": (1.0, 1.0, 1.0, 1.0),
        "regret_at_1": (0.0, 0.0, 0.0, 0.004), "srcc_ceiling": (0.976, NAN, 0.929, 1.0),
        "pairwise_ceiling": (0.964, NAN, 0.929, 1.0), "worth_score": (8.4, NAN, 5.1, 13.6),
        "worth_rank": (41.3, NAN, 12.7, 96.2),
    },
    QWEN: {
        "gap": (0.035, NAN, 0.021, 0.049), "mspd": (0.00208, 0.00187, 0.0009, 0.0034),
        "mspd_excess": (0.00113, 0.00109, 0.00004, 0.0025), "srcc": (0.810, 0.881, 0.738, 0.976),
        "kendall_tau": (0.643, 0.714, 0.571, 0.857), "pearson": (0.991, 0.994, 0.982, 0.999),
        "pairwise_agreement": (0.821, 0.857, 0.786, 0.929), "top1_agreement": (1.0, 1.0, 0.0, 1.0),
        "regret_at_1": (0.0, 0.003, 0.0, 0.023), "srcc_ceiling": (0.976, NAN, 0.905, 1.0),
        "pairwise_ceiling": (0.964, NAN, 0.893, 1.0), "worth_score": (56.2, NAN, 31.0, 118.4),
        "worth_rank": (187.5, NAN, 88.0, 402.7),
    },
    LLAMA: {
        "gap": (-0.0019, NAN, -0.014, 0.010), "mspd": (0.00017, 0.00009, 0.0, 0.0007),
        "mspd_excess": (-0.00041, 0.00002, -0.0006, 0.0002), "srcc": (0.964, 1.0, 0.929, 1.0),
        "kendall_tau": (0.905, 1.0, 0.857, 1.0), "pearson": (0.999, 0.9996, 0.997, 1.0),
        "pairwise_agreement": (0.952, 0.976, 0.905, 1.0), "top1_agreement": (1.0, 1.0, 1.0, 1.0),
        "regret_at_1": (0.0, 0.0, 0.0, 0.002), "srcc_ceiling": (0.964, NAN, 0.893, 1.0),
        "pairwise_ceiling": (0.952, NAN, 0.905, 1.0), "worth_score": (1312.7, NAN, 402.0, math.inf),
        "worth_rank": (NAN, NAN, NAN, NAN),
    },
}  # fmt: skip
"""Set -> statistic -> value, true, low, high."""

FEW = "seven solvers: an order of so few says little"
NO_WORTH = "so few items put no upper end to it"


def score(value: float, n: int) -> Estimate:
    return Estimate(
        value=value, low=max(value - 0.025, 0.0), high=min(value + 0.025, 1.0), n=n, method="mean over items"
    )


def better(value: float) -> Estimate:
    return Estimate(value=value - 0.0037, low=max(value - 0.02, 0.0), high=value + 0.01, n=700, method="posterior")


def statistic(benchmark: str, name: str, numbers: tuple[float, float, float, float]) -> Estimate:
    value, true, low, high = numbers
    warnings: tuple[str, ...] = (NO_WORTH,) if math.isnan(value) else ()
    if benchmark == LLAMA and name == "srcc":
        warnings = (FEW,)
    return Estimate(value=value, true=true, low=low, high=high, n=200, method="posterior on a grid", warnings=warnings)


def bias(value: float, low: float, high: float, excess: float) -> BiasFactor:
    how = "centred own score less its mean on the others"
    beside = Estimate(value=excess, low=excess - 0.03, high=excess + 0.03, n=200, method="additive fit")
    return BiasFactor(
        estimate=Estimate(value=value, low=low, high=high, n=200, method=how),
        own_excess=beside,
        band_low=low - 0.012,
        band_high=high + 0.012,
        p=1 / 6,
    )


def verdicts() -> dict[str, dict[Use, Verdict]]:
    far = "Scores differ by 0.11 in the root mean square, and surely by more than 0.05."
    near = "Scores differ by 0.043 in the root mean square, between 0.030 and 0.058; the limit is 0.05."
    close = "Scores differ by 0.009 in the root mean square, at most by 0.026."
    mixed = "At most 0.93 of the pairs that differ by 0.02 are ordered alike, and no common order explains both sets."
    unsure = "8 of 28 pairs of solvers stand too close to tell; the true agreement lies between 0.79 and 0.93."
    same = "At least 0.91 of the pairs that differ by 0.02 stand in the same order."
    return {
        SMOL: {
            "score": Verdict(decision="NO-GO", because=far),
            "rank": Verdict(decision="NO-GO", because=mixed),
            "choose": Verdict(decision="GO", because="Its best solver is the real best one in 99 % of draws."),
        },
        QWEN: {
            "score": Verdict(decision="INCONCLUSIVE", because=near, settle="About 350 more real items."),
            "rank": Verdict(decision="INCONCLUSIVE", because=unsure, settle="About 12 more solvers."),
            "choose": Verdict(decision="GO", because="The regret is at most 0.02 in 96 % of draws."),
        },
        LLAMA: {
            "score": Verdict(decision="GO", because=close),
            "rank": Verdict(decision="GO", because=same),
            "choose": Verdict(decision="GO", because="Its best solver is the real best one in 98 % of draws."),
        },
    }


def failure_rates() -> dict[str, dict[str, float]]:
    rates = {b: dict.fromkeys(scores, 0.0) for b, scores in SCORES.items()}
    rates[REAL] |= {"smollm2-135m": 0.085, "qwen2.5-1.5b": 0.0135}
    rates[SMOL] |= {"smollm2-135m": 0.005, "qwen2.5-1.5b": 0.03}
    rates[QWEN] |= {"smollm2-135m": 0.06}
    rates[LLAMA] |= {"llama3.2-3b": NAN}
    return rates


def ensemble(shift: float) -> dict[str, Estimate]:
    return {
        name: Estimate(value=value + shift, low=low, high=high, n=200, method="mean over generators")
        for name, (value, low, high) in {"srcc": (0.92, 0.85, 0.98), "gap": (-0.011, -0.02, -0.002)}.items()
    }


def example() -> FidelityReport:
    """Eight solvers, three synthetic sets, bias, failures, a solver left out, numbers that are not known."""
    return FidelityReport(
        real=REAL,
        metric="accuracy",
        level=0.95,
        models=tuple(SCORES[REAL]),
        fidelity={b: {s: statistic(b, s, numbers) for s, numbers in table.items()} for b, table in FIDELITY.items()},
        bias_factor={
            "smollm2-135m": bias(0.143, 0.098, 0.187, 0.139),
            "qwen2.5-1.5b": bias(0.052, 0.011, 0.094, 0.048),
            "llama3.2-3b": bias(0.013, -0.021, 0.048, 0.009),
        },
        ensemble={"mean": ensemble(0.0), "worth": ensemble(0.01), "fixed_point": {"srcc": ensemble(0.005)["srcc"]}},
        verdict=verdicts(),
        scores={b: {s: score(x, 700 if b == REAL else 200) for s, x in t.items()} for b, t in SCORES.items()},
        failure_rate=failure_rates(),
        order_test={
            SMOL: OrderTest(likelihood_ratio=9.31, limit=2.71, rejects=True),
            QWEN: OrderTest(likelihood_ratio=1.27, limit=2.71, rejects=False),
            LLAMA: OrderTest(likelihood_ratio=0.0, limit=2.71, rejects=False),
        },
        left_out={LLAMA: {"smollm2-135m": "it gave no score on this set"}},
        generators=GENERATORS,
        items={REAL: 700, SMOL: 200, QWEN: 200, LLAMA: 200},
        combined={b: {s: better(SCORES[REAL][s]) for s in SCORES[b]} for b in (QWEN, LLAMA)},
        combined_items={
            QWEN: {s: Estimate(value=x, n=700, method="variance") for s, x in (("level", 1043.4), ("order", 2200.0))},
            LLAMA: {s: Estimate(value=x, n=700, method="variance") for s, x in (("level", 700.2), ("order", 698.0))},
        },
        warnings=("3 of 8 solvers are also generators: their families make noise that is not independent.",),
    )


def samples() -> tuple[Sample, ...]:
    """Ten real and up to ten synthetic items, written for this project."""
    real = (
        ("play_music", "put on that saxophone record my uncle keeps going on about"),
        ("get_weather", "will i need a coat in ghent on thursday night"),
        ("book_table", "somewhere quiet for five, half past seven, near the canal"),
        ("rate_book", "four stars for the second volume, the first one dragged"),
        ("add_to_playlist", "stick this tune on the washing up list"),
        ("search_event", "is the outdoor cinema on again this august"),
        ("find_work", "who painted the one with the melting clocks"),
        ("get_weather", "how windy is it up on the pass right now"),
        ("play_music", "anything by the quartet from reykjavik, shuffled"),
        ("book_table", "cancel nothing, just add two chairs to the booking at eight"),
    )
    synthetic = (
        ("play_music", "Play the latest album by a popular jazz artist."),
        ("get_weather", "What is the weather like in Paris today?"),
        ("book_table", "Book a table for two at an Italian restaurant."),
        ("rate_book", "Rate this book five stars."),
        ("add_to_playlist", "Add this song to my playlist."),
        ("search_event", "Find events near me this weekend."),
        ("get_weather", "Will it rain tomorrow in London?"),
        ("play_music", "Play some relaxing music."),
        ("book_table", "Reserve a table for four people tonight."),
    )
    return (
        *(Sample(benchmark=REAL, kind="real", target=t, text=x) for t, x in real),
        *(Sample(benchmark=SMOL, kind="synthetic", target=t, text=x) for t, x in synthetic),
        *(Sample(benchmark=QWEN, kind="synthetic", target=t, text=x) for t, x in synthetic[:4]),
    )


def minimal(name: str = "made_up") -> FidelityReport:
    """Two solvers, no items, no generator known: the least that can be compared."""
    unknown = Estimate(value=NAN, n=2, method="none", warnings=("two solvers have no rank correlation to speak of",))
    gap = Estimate(value=0.12, n=2, method="mean difference", warnings=("no items: no interval",))
    return FidelityReport(
        real="gold",
        metric="score",
        level=0.9,
        models=("b", "a"),
        fidelity={name: {"gap": gap, "srcc": unknown, "worth_rank": unknown, "worth_score": unknown}},
        bias_factor={},
        ensemble={},
        verdict={name: {"rank": Verdict(decision="INCONCLUSIVE", because="Two solvers.", settle="Six more solvers.")}},
        scores={
            "gold": {s: Estimate(value=x, n=0, method="given") for s, x in (("b", 0.7), ("a", 0.5))},
            name: {s: Estimate(value=x, n=0, method="given") for s, x in (("b", 0.72), ("a", 0.72))},
        },
        failure_rate={"gold": {"a": NAN, "b": NAN}, name: {}},
        order_test={},
        left_out={},
        generators={},
        items={"gold": 0, name: 0},
    )


def large(solvers: int, sets: int) -> FidelityReport:
    """Many solvers and sets, by a rule: each set shifts and shuffles the scores a little, in its own way."""
    names = [f"org{i % 7}/model-{i:03d}-instruct" for i in range(solvers)]
    real = {name: 0.95 - 0.8 * i / solvers for i, name in enumerate(names)}
    tables: dict[str, dict[str, float]] = {"real": real}
    fidelity: dict[str, dict[str, Estimate]] = {}
    for k in range(sets):
        key = f"generator-{k}.strategy_number_{k}"
        tables[key] = {
            s: min(max(x + 0.05 * math.sin(7 * i + k) + 0.01 * k, 0.0), 1.0) for i, (s, x) in enumerate(real.items())
        }
        fidelity[key] = {s: statistic(key, s, numbers) for s, numbers in FIDELITY[SETS[k % 3]].items()}
    return FidelityReport(
        real="real",
        metric="macro_f1",
        level=0.95,
        models=tuple(names),
        fidelity=fidelity,
        bias_factor={
            names[3 * k % solvers]: bias(0.02 * k - 0.05, 0.02 * k - 0.08, 0.02 * k - 0.02, 0.01) for k in range(sets)
        },
        ensemble={},
        verdict={key: verdicts()[SETS[k % 3]] for k, key in enumerate(fidelity)},
        scores={b: {s: score(x, 300) for s, x in table.items()} for b, table in tables.items()},
        failure_rate={b: dict.fromkeys(table, 0.01) for b, table in tables.items()},
        order_test={},
        left_out={},
        generators={key: names[3 * k % solvers] for k, key in enumerate(fidelity)},
        items={b: 300 for b in tables},  # noqa: C420 - one line per benchmark reads better
    )
