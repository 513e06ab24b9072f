"""Small benchmarks of every task for the tests of exports: texts that try to be templates, and odd answers to them.

Where a text holds a mark such as `q-m1`, the answer stands in `SCRIPT`; without a mark, or in completions where only
the chat is scripted, the embedded model answers.
"""

from acidtest.export.contract import ExportSet
from acidtest.registry import get
from acidtest.types import Item, Style

HOSTILE = (
    "{{ 7*7 }} {% for x in y %} {0} {text} ${HOME} $(id) %s </script> 'a' \"b\" \\n !!python/object: {# c #} é 漢 🎷"
)

SCRIPT = {
    "q-i1": "<think>It may be weather.</think>\nIntent: play music.",
    "q-i2": "GetWeather or PlayMusic",
    "q-s1": "Score: 4.5",
    "q-s2": "Between 1 and 2",
    "chat q-n": '[{"text": "Rome", "type": "city"}, {"text": "Ann", "type": "city"}]',
    "chat q-o": "It is Mars.",
    "chat q-r1": "in  the year 1984.",
    "chat q-r2": "<answer>Ann</answer>",
    "chat q-c": "YES",
    "chat q-m1": "Half of 7 is \\frac{7}{2}.\n#### 3.5",
    "chat q-m2": "First 3, then 4.\nThe answer is 1,234.0",
    "q-x1": "The answer is (B).",
    "q-x2": "A, C",
    "q-o2": "the\u2028red planet\x00, Mars\n",
    "q-m3": "",
}
"""Mark -> answer; after `chat `: to chat messages alone."""


def export_sets(style: Style) -> list[ExportSet]:
    """Return one benchmark of each task, and one that is measured by bundles; the names are hostile, too."""
    return [
        _intent(style),
        _similarity(style),
        _ner(style),
        _reading(style),
        _bundles(style),
        _math(style),
        _multiple_choice(style),
        _open_qa(style),
    ]


def _intent(style: Style) -> ExportSet:
    labels = ("PlayMusic", "GetWeather", "{{label}}")
    texts = [
        ("q-i1 play some jazz", "PlayMusic"),
        (f"{HOSTILE} q-i2", "GetWeather"),
        ("will it rain tomorrow", "GetWeather"),
        (f"{HOSTILE} now", "{{label}}"),
    ]
    items = [Item(id=f"a: [{n}] {{{{n}}}}", input={"text": t}, target=label) for n, (t, label) in enumerate(texts)]
    shown = [
        Item(id=f"p{n}", input={"text": f"{{% raw %}} {label} please"}, target=label) for n, label in enumerate(labels)
    ]
    return _set("intent {{ x }}: 'y'", "intent", "macro_f1", style, items, shown, labels)


def _similarity(style: Style) -> ExportSet:
    pairs = [("A cat sat. q-s1", 4.5), ("Rain fell. q-s2", 1.0), ("A man walks.", 3.2), ("Snow.", 0.0)]
    items = [
        Item(id=f"s{n}", input={"sentence1": HOSTILE, "sentence2": text}, target=score)
        for n, (text, score) in enumerate(pairs)
    ]
    shown = [Item(id="p", input={"sentence1": "{{a}}", "sentence2": "b"}, target=2.5)]
    return _set("2 fast/../../x", "similarity", "pearson", style, items, shown)


def _ner(style: Style) -> ExportSet:
    items = [
        Item(id="n1", input={"text": f"Ann saw Rome. {HOSTILE} q-n"}, target=[["person", 0, 3], ["city", 8, 12]]),
        Item(id="n2", input={"text": "Nobody came. q-n"}, target=[]),
    ]
    shown = [Item(id="p", input={"text": "Oslo {{ is }} big."}, target=[["city", 0, 4]])]
    return _set("class", "ner", "span_f1", style, items, shown, ("person", "city"))


def _reading(style: Style) -> ExportSet:
    passage = f"Ann left in 1984.\n{HOSTILE}"
    items = [
        Item(id="r1", input={"passage": passage, "question": "When? q-r1"}, target=["1984", "in 1984"]),
        Item(id="r2", input={"passage": passage, "question": "Who left? q-r2"}, target="Bob or Ann"),
    ]
    return _set("réading", "reading", "f1", style, items)


def _bundles(style: Style) -> ExportSet:
    items = [
        Item(
            id=f"{bundle}-{edit}",
            input={"passage": "Rome is old.", "question": f"Is {bundle} {edit}? q-c"},
            target=target,
            bundle=bundle,
            edit=edit,
        )
        for bundle, targets in (("Rome", ("YES", "YES")), ("Oslo", ("NO", "YES")))
        for edit, target in zip(("original", "scope"), targets, strict=True)
    ]
    return _set("bundles", "reading", "consistency", style, items, (), ("YES", "NO"))


def _math(style: Style) -> ExportSet:
    problems = [("half of 7? q-m1", "\\frac{7}{2}"), ("what is it? q-m2", "1234"), (f"{HOSTILE}? q-m3", "5")]
    items = [Item(id=f"m{n}", input={"question": text}, target=answer) for n, (text, answer) in enumerate(problems)]
    shown = [Item(id="p", input={"question": "1 + 1?"}, target="2")]
    return _set("math", "math", "accuracy", style, items, shown)


def _multiple_choice(style: Style) -> ExportSet:
    items = [
        Item(id="x1", input={"question": "Which is a city? q-x1"}, choices=("{{ red }}", "Rome", "six"), target="B"),
        Item(id="x2", input={"question": "Which are small? q-x2"}, choices=("a", "b", "c"), target=["A", "B"]),
        Item(id="x3", input={"question": HOSTILE, "passage": HOSTILE}, choices=("{% a %}", "b"), target="A"),
    ]
    shown = [Item(id="p", input={"question": "{{q}}"}, choices=("yes", "no"), target="A")]
    return _set("choices", "multiple_choice", "jaccard", style, items, shown)


def _open_qa(style: Style) -> ExportSet:
    items = [
        Item(id="o1", input={"question": "Which planet? q-o1 q-o"}, target=["Mars", "the planet Mars"]),
        Item(id="o2", input={"question": f"{HOSTILE} q-o2"}, target={"best": "Mars", "correct": ["red planet Mars"]}),
    ]
    return _set("Choices", "open_qa", "fuzzy_match", style, items)


def _set(
    name: str,
    task: str,
    metric: str,
    style: Style,
    items: list[Item],
    shown: "list[Item] | tuple[()]" = (),
    labels: tuple[str, ...] = (),
) -> ExportSet:
    made = get("task", task)(labels)
    for item in (*items, *shown):
        assert made.problem(item) == ""
    return ExportSet(
        name=name,
        kind="synthetic",
        items=tuple(items),
        task=made,
        metric=made.metric(metric),
        style=style,
        examples=tuple(shown),
        generator="writer",
    )
