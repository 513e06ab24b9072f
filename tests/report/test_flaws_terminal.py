"""Items that look broken, as a terminal and JSON show them."""

import io
import json

import numpy as np
from rich.console import Console

from acidtest.compare.irt.flaws import BenchmarkFlaws, FlawAudit, FlawedItem
from acidtest.report.flaws_terminal import WORDS, flaw_lines, flaw_sentences, flaws_json
from acidtest.stats.irt.flaws.audit import KINDS
from acidtest.stats.validity_rate import share

HOSTILE = "[red]x[/red]\x1b[31m<script>"


def audit(listed: int = 2, items: int = 5) -> FlawAudit:
    on = np.arange(items) < listed
    q = np.where(on, 0.05, 0.5)
    return FlawAudit(
        fdr=0.1,
        solvers=20,
        suspicion=np.linspace(3, -3, items),
        probability=1 - q,
        q=q,
        listed=on,
        kinds=("wrong_key",) * items,
        discrimination=np.full(items, -0.5),
        slope_not_above_0=np.full(items, 0.9),
        items=tuple(
            FlawedItem(
                position=k,
                benchmark="b",
                item=f"{HOSTILE}{k}",
                kind="wrong_key",
                evidence=f"all 20 solvers answer '{HOSTILE}', the key says 'B'",
                probability=1 - float(q[k]),
                q=float(q[k]),
                listed=bool(on[k]),
            )
            for k in range(items)
        ),
        expected_false=0.1,
        benchmarks={
            "b": BenchmarkFlaws(
                kind="synthetic",
                items=items,
                listed=listed,
                share_listed=share(on.astype(float)),
                share_broken=share(on.astype(float)),
                by_answers=True,
                kinds={"wrong_key": listed} if listed else {},
            )
        },
        warnings=("a warning",),
    )


def printed(one: FlawAudit, width: int = 120) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(flaw_lines(one))
    return out.getvalue()


def test_a_sentence_says_how_many_and_how_many_of_these_are_false() -> None:
    first, second = flaw_sentences(audit())
    assert first.startswith("b: 2 of 5 synthetic items look broken, by answers and scores (2 likely wrong key)")
    assert second == "Of 2 listed items, about 0.1 are expected to be false alarms, at most 10.0 %."
    assert len(flaw_sentences(audit(listed=0))) == 1


def test_hostile_texts_are_shown_and_steer_nothing() -> None:
    text = printed(audit())
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
    assert "a warning" in text
    assert "Not listed" in text


def test_long_lists_are_cut_and_said() -> None:
    text = printed(audit(listed=60, items=90))
    assert "and 20 more" in text
    assert text.count("all 20 solvers answer") == 50


def test_a_narrow_terminal_breaks_nothing() -> None:
    assert max(map(len, printed(audit(), 60).splitlines())) <= 60


def test_every_kind_has_a_word() -> None:
    assert set(WORDS) == set(KINDS) - {"works"}


def test_json_holds_what_the_terminal_shows() -> None:
    found = json.loads(json.dumps(flaws_json(audit())))
    assert [one["listed"] for one in found["items"]] == [True, True, False, False, False]
    assert found["items"][0]["evidence"].endswith("the key says 'B'")
    assert found["benchmarks"]["b"]["share_listed"]["value"] == 0.4
    assert found["expected_false"] == 0.1
    assert found["warnings"] == ["a warning"]
