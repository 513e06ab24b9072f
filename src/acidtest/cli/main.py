"""The command line: commands are found here, and errors that a user can mend become one plain message."""

import importlib
import io
import sys
from pathlib import Path

import typer

from acidtest.cli.addresses import told, with_addresses
from acidtest.errors import AcidtestError

COMMANDS = {
    "run": "acidtest.cli.run",
    "generate": "acidtest.cli.stages",
    "evaluate": "acidtest.cli.stages",
    "rate": "acidtest.cli.stages",
    "merge": "acidtest.cli.merge",
    "compare": "acidtest.cli.stages",
    "report": "acidtest.cli.stages",
    "lab": "acidtest.cli.lab",
    "harder": "acidtest.cli.harder",
    "levels": "acidtest.cli.levels",
    "audit": "acidtest.cli.audit",
    "import": "acidtest.cli.import_logs",
    "plan": "acidtest.cli.plan",
    "review": "acidtest.cli.review",
    "validity": "acidtest.cli.validity",
    "irt": "acidtest.cli.irt",
    "adapt": "acidtest.cli.adapt",
    "export": "acidtest.cli.export",
    "fetch": "acidtest.cli.fetch",
    "init": "acidtest.cli.init",
    "list": "acidtest.cli.list_names",
    "doctor": "acidtest.cli.doctor",
}
"""Command -> the module that holds a function of that name. The order is that of `acidtest --help`."""

_FUNCTIONS = {"list": "list_names", "import": "import_logs"}
"""Command -> its function, where that has another name: Python keeps these words for itself."""

app = typer.Typer(
    name="acidtest",
    help="Tells whether a synthetic benchmark can stand in for a real one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command that was asked for; exit with 2 and a message where something is wrong that a user can mend."""
    arguments = sys.argv[1:]
    _write_what_the_terminal_can()
    try:
        arguments = _load_user_files(arguments)
        _add_commands(arguments)
        app(args=arguments)
    except AcidtestError as error:
        sys.stderr.write(f"acidtest: {printable(told(error))}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        what = AcidtestError(
            f"the system says: {error.strerror or error}",
            where=str(error.filename or ""),
            way_out="Make room on the disk, or mend the file's permissions, and run again: what is done is kept.",
        )
        sys.stderr.write(f"acidtest: {printable(str(what))}\n")
        sys.exit(2)


def _write_what_the_terminal_can() -> None:
    """Show letters that the terminal's encoding lacks as marks; by default they would end the program."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Return text that cannot move a terminal's cursor or change its colours: control characters become marks."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def _add_commands(arguments: list[str]) -> None:
    """Import only the command that is asked for; all of them where help is wanted."""
    asked = next((a for a in arguments if not a.startswith("-")), None)
    wanted = [asked] if asked in COMMANDS else list(COMMANDS)
    for name in wanted:
        module = importlib.import_module(COMMANDS[name])
        app.command(name)(with_addresses(name, getattr(module, _FUNCTIONS.get(name, name))))
    app.callback()(_version)


def _version(
    *, version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True)
) -> None:
    """Tells whether a synthetic benchmark can stand in for a real one."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("acidtest"))
        raise typer.Exit


def _load_user_files(arguments: list[str]) -> list[str]:
    """Take every `--load FILE` out of the arguments, wherever it stands, and run those files."""
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--load":
            path = next(words, "")
        elif word.startswith("--load="):
            path = word.removeprefix("--load=")
        else:
            rest.append(word)
            continue
        from acidtest.registry import load_file

        load_file(Path(path))
    return rest
