"""Small changes to the statistics' source, each of which a test should notice: made by cosmic-ray's operators.

Left out are changes that could only break the program, such as `<<` between real numbers: any test would notice them,
and they would flatter the score. Type annotations are left out too: nothing runs them.
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARITHMETIC = ("Add", "Sub", "Mul", "Div")
COMPARISONS = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
OTHERS = (
    *("AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse"),
    *("ReplaceFalseWithTrue", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Invert"),
)
OPERATORS = (
    *(f"ReplaceBinaryOperator_{old}_{new}" for old in ARITHMETIC for new in ARITHMETIC if old != new),
    *("ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_BitOr_BitAnd", "ReplaceBinaryOperator_Pow_Mul"),
    *("ReplaceBinaryOperator_FloorDiv_Div", "ReplaceBinaryOperator_Mod_FloorDiv"),
    *(f"ReplaceComparisonOperator_{old}_{new}" for old in COMPARISONS for new in COMPARISONS if old != new),
    *("ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is"),
    *OTHERS,
)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change.

    Attributes:
        path: The module, from the project's root.
        operator: Cosmic-ray's name of the change.
        occurrence: Which of the places where the operator fits.
        first, last: The lines of the place.
    """

    path: str
    operator: str
    occurrence: int
    first: int
    last: int

    @property
    def key(self) -> str:
        """What tells it from all others of this source."""
        return f"{self.path}:{self.first} {self.operator} {self.occurrence}"


def sampled(root: Path, folder: str, count: int, seed: int) -> tuple[list[Mutant], int]:
    """Return mutants drawn at random, all places and operators alike, and how many there are in all."""
    every = [mutant for path in sorted((root / folder).rglob("*.py")) for mutant in _mutants(root, path)]
    drawn = random.Random(seed).sample(every, min(count, len(every)))
    return drawn, len(every)


def changed(source: str, mutant: Mutant) -> str:
    """Return the source with the change in it."""
    from cosmic_ray.mutating import mutate_code

    found = mutate_code(source, _operator(mutant.operator), mutant.occurrence)
    if found is None:
        raise ValueError(f"no such place: {mutant.key}")
    return str(found)


def _operator(name: str) -> Any:
    from cosmic_ray.plugins import get_operator

    return get_operator(f"core/{name}")()


def _mutants(root: Path, path: Path) -> Iterator[Mutant]:
    from cosmic_ray.ast import ast_nodes, get_ast

    source = path.read_text("utf-8")
    tree, unused = get_ast(source), _unused(source)
    for name in OPERATORS:
        operator = _operator(name)
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            if not any(first <= start and end <= last for first, last in unused):
                relative = path.relative_to(root).as_posix()
                yield Mutant(path=relative, operator=name, occurrence=occurrence, first=start[0], last=end[0])


def _unused(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations and decorators stand, as (line, column) of start and end."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found += [part for part in (node.returns, *node.decorator_list) if part is not None]
        elif isinstance(node, ast.ClassDef):
            found += node.decorator_list
    return [((e.lineno, e.col_offset), (e.end_lineno or 0, e.end_col_offset or 0)) for e in found]
