"""Grammars that hold a small local model to sentences with names; models that know no grammars ignore them.

A model of a few hundred million parameters seldom puts five given names into a sentence, or closes every mark, on its
own. With a grammar it chooses the words around the names freely, and the names come right.
"""

from collections.abc import Sequence

from acidtest.tasks.gbnf import literal

_LETTERS = r"[^A-Z0-9 \n.!?<>()\[\]{}:;]"
_NO_MARKS = r"[^<>\n\[\]{}]"
_WORDS_BETWEEN, _LETTERS_OF_A_WORD = 6, 18
_CHARACTERS_BETWEEN, _LONGEST_NAME = 90, 60
"""Limits, since a small model left alone talks on."""


def around_names(names: Sequence[str]) -> str:
    r"""Return the grammar of one sentence that holds these names, in this order, with no capital between them.

    Example:
        >>> print(around_names(["Ann", "Oslo"]).splitlines()[0])
        root ::= " " open "Ann" gap "Oslo" end "\n"
    """
    middle = " gap ".join(literal(name) for name in names)
    return "\n".join(
        (
            f'root ::= " " open {middle} end "\\n"',
            f'open ::= ([A-Z] letter{{0,{_LETTERS_OF_A_WORD}}} words " ")?',
            """gap ::= ("," | " ," | "'s" | " 's")? words " \"""",
            """end ::= ("," | " ," | "'s" | " 's")? words " "? [.]""",
            # One number at most: a small model that has begun to count does not stop.
            f'words ::= (" " word){{0,{_WORDS_BETWEEN}}} (" " [0-9]{{1,4}} ","? (" " word){{0,{_WORDS_BETWEEN}}})?',
            f"word ::= letter{{1,{_LETTERS_OF_A_WORD}}}",
            f"letter ::= {_LETTERS}",
        )
    )


def marked_names(kinds: Sequence[str]) -> str:
    r"""Return the grammar of one line in which every mark is one of these types and is closed.

    Example:
        >>> print(marked_names(["city"]).splitlines()[1])
        mark ::= ("<city>" name "</city>")
    """
    marks = " | ".join(f"{literal(f'<{kind}>')} name {literal(f'</{kind}>')}" for kind in kinds)
    return "\n".join(
        (
            'root ::= " " text mark (gap mark){0,9} gap "\\n"',
            f"mark ::= ({marks})",
            rf"name ::= [^<>\n ] [^<>\n]{{0,{_LONGEST_NAME}}}",
            f"gap ::= [ .,;:'()?!-] word{{0,{_CHARACTERS_BETWEEN}}}",
            f'text ::= (word{{0,{_CHARACTERS_BETWEEN}}} " ")?',
            f"word ::= {_NO_MARKS}",
        )
    )
