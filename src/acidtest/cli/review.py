"""`acidtest review`: people rate a run's items in the browser."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acidtest.cli.addresses import place
from acidtest.cli.exchange import EXPORT_TO, FORMAT, IMPORT_FROM, WITH_RATINGS, exchange
from acidtest.cli.json_out import echo_json
from acidtest.errors import AcidtestError

if TYPE_CHECKING:
    import socket

    from acidtest.review.plan import Queue, ReviewPlan
    from acidtest.review.store import Store

_RUN = typer.Argument(metavar="RUN", help="The run's folder.", show_default=False)
_PEOPLE = typer.Option("--people", metavar="NAMES", help="Who rates, with commas between: one link each.")
_QUEUE = typer.Option("--queue", metavar="KINDS", help="Of rate, choose, answer, adjudicate; with commas between.")
_PORT = typer.Option("--port", help="0: any that is free.")
_HOST = typer.Option("--host", help="Which of this machine's addresses listens; others than loopback can be reached.")
_ADDRESS = typer.Option(
    "--address", metavar="URL", help="Where people find it, behind a proxy: https://review.example.org"
)
_DATABASE = typer.Option(
    "--database", metavar="URL", help="postgresql://USER@HOST/NAME; RUN/review.sqlite unless named."
)
_NEW_LINKS = typer.Option("--new-links", help="New links for --people, or for all; the old ones no longer work.")
_EXPORT = typer.Option("--export", help="Write RUN/ratings and people's answers, and stop.")
_JSON = typer.Option("--json", metavar="FILE", help="Write links and progress as JSON, - for the terminal.")
_OWNERS_LINKS_LAST = 86_400.0


@dataclass(frozen=True, kw_only=True)
class _Link:
    """What is told of one person. `token` is None where they have a link already: it is kept nowhere."""

    name: str
    owner: bool
    token: str | None


def review(  # noqa: PLR0913  # one argument per option
    run: Annotated[Path, _RUN],
    *,
    people: Annotated[str, _PEOPLE] = "",
    queue: Annotated[str, _QUEUE] = "rate,choose,adjudicate",
    port: Annotated[int, _PORT] = 8100,
    host: Annotated[str, _HOST] = "127.0.0.1",
    address: Annotated[str, _ADDRESS] = "",
    database: Annotated[str, _DATABASE] = "",
    new_links: Annotated[bool, _NEW_LINKS] = False,
    export: Annotated[bool, _EXPORT] = False,
    export_to: Annotated[Path | None, EXPORT_TO] = None,
    import_from: Annotated[Path | None, IMPORT_FROM] = None,
    form: Annotated[str | None, FORMAT] = None,
    with_ratings: Annotated[bool, WITH_RATINGS] = False,
    json_file: Annotated[str | None, _JSON] = None,
) -> None:
    """Let people rate a run's items, choose between two, answer them, and decide where raters disagree."""
    _check_extra()
    from acidtest.data.run_folder import RunFolder
    from acidtest.review.export import adopt
    from acidtest.review.guard import Place
    from acidtest.review.store import open_store
    from acidtest.study.review_plan import review_plan

    plan = review_plan(run, _queues(queue))
    _check_answers(plan)
    folder = RunFolder(run)
    names = [name for name in people.split(",") if name.strip()]
    with open_store(database or folder.review, plan) as store:
        adopt(store, folder)
        if export:
            _export(store, run, json_file)
            return
        asked = {"export_to": export_to, "import_from": import_from}
        if exchange(store, folder, **asked, form=form, with_ratings=with_ratings, json_file=json_file):
            return
        from acidtest.review.app import build_app
        from acidtest.review.serve import listen, server_of

        with listen(host, port) as listening:
            place = Place(address=_address(address, host, listening))
            app = build_app(store, folder, place)
            _tell(store, run, place.address, _links(store, names, new=new_links), json_file)
            _warn(host, address)
            server_of(app, behind_proxy=bool(address)).run(sockets=[listening])


def _check_extra() -> None:
    """Say plainly where the extra that this needs is not installed."""
    from importlib.util import find_spec

    wanted = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "markdown_it", "python_multipart")
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        raise AcidtestError(
            f"the review app needs {missing[0]}, which is not installed",
            way_out="Install the extra 'server': pip install 'acidtest[server]'.",
        )


def _queues(named: str) -> "tuple[Queue, ...]":
    from acidtest.review.plan import QUEUES

    asked = [name.strip() for name in named.split(",") if name.strip()]
    strange = [name for name in asked if name not in QUEUES]
    if strange or not asked:
        raise AcidtestError(
            f"there is no queue '{strange[0][:40]}'" if strange else "no queue is named",
            where="--queue",
            way_out=f"Name some of {', '.join(QUEUES)}, with commas between.",
        )
    return tuple(queue for queue in QUEUES if queue in asked)


def _check_answers(plan: "ReviewPlan") -> None:
    """Refuse to ask for answers that a form cannot take."""
    from acidtest.review.shown_item import answer_form

    if "answer" in plan.queues and answer_form(plan, next(iter(plan.items.values()))) is None:
        raise AcidtestError(
            f"people cannot answer items of the task '{plan.task.name}' here: its answers are places in a text",
            where="--queue",
            way_out="Leave out 'answer'.",
        )


def _address(named: str, host: str, listening: "socket.socket") -> str:
    """Return where people find the app, as their browsers write it."""
    from urllib.parse import urlsplit

    if not named:
        port = listening.getsockname()[1]
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared, not bound
        return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    try:
        parts = urlsplit(named)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.path.strip("/")
    except ValueError:
        whole = False
    if not whole:
        raise AcidtestError(
            f"'{named[:80]}' is no address of a site",
            where="--address",
            way_out="Write it as browsers show it, without a path: https://review.example.org",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _links(store: "Store", names: list[str], *, new: bool) -> list[_Link]:
    """Return one link for everybody who has none yet, new ones where they are asked for, and always the owner's."""
    from acidtest.review import people

    with store.database.write() as connection:
        invited = people.invite(connection, names)
        known = [person for person in people.people(connection) if not person.owner]
        if not known:
            known = invited = people.invite(connection, ["me"])
        for person in (invited if names else known) if new else ():
            people.revoke(connection, person)
        found = [
            _Link(name=person.name, owner=False, token=people.new_token(connection, person))
            if (person in invited or (new and not names)) and not people.has_link(connection, person)
            else _Link(name=person.name, owner=False, token=None)
            for person in known
        ]
        owner = people.person_named(connection, people.OWNER, owner=True)
        people.revoke(connection, owner, older_than=0.0 if new and not names else _OWNERS_LINKS_LAST)
        return [*found, _Link(name=owner.name, owner=True, token=people.new_token(connection, owner))]


def _tell(store: "Store", run: Path, address: str, links: list[_Link], json_file: str | None) -> None:
    if json_file is not None:
        told = [
            {"name": one.name, "owner": one.owner, "link": f"{address}/enter/{one.token}" if one.token else None}
            for one in links
        ]
        found = {"schema": 1, "run": place(run), "address": address, "links": told, **_progress(store)}
        write_json(found, json_file, secret=True)
    if json_file == "-":
        return
    from acidtest.report.safe_text import clean

    typer.echo(f"The review of {clean(store.plan.study)} is at {address}. Stop it with Ctrl-C; nothing is lost.")
    typer.echo("Each link is one person's secret. It is shown this once.")
    for one in links:
        shown = f"{address}/enter/{one.token}" if one.token else "has a link already (--new-links makes another)"
        typer.echo(f"  {clean(one.name)}{' (you: progress, not rating)' if one.owner else ''}: {shown}")
    raters, wanted = sum(not one.owner for one in links), store.plan.overlap
    if raters < wanted:
        typer.echo(
            f"Each item is meant for {wanted} different people, and {raters} can rate so far: "
            "invite more by --people, or say in the study how many are enough (validity: overlap)."
        )


def _warn(host: str, address: str) -> None:
    from acidtest.review.serve import LOOPBACK

    if host not in LOOPBACK:
        typer.echo(
            f"Warning: others can reach {host}, and what is sent there is not encrypted. "
            "Put a proxy with TLS before it, and name that by --address.",
            err=True,
        )
    elif address.startswith("http://"):
        typer.echo("Warning: people reach the proxy without TLS: whoever listens can rate in their names.", err=True)


def _export(store: "Store", run: Path, json_file: str | None) -> None:
    from acidtest.data.run_folder import RunFolder
    from acidtest.review.export import export

    written = export(store, RunFolder(run))
    if json_file is not None:
        found = {"schema": 1, "run": place(run), "wrote": [place(path) for path in written], **_progress(store)}
        write_json(found, json_file)
    if json_file != "-":
        for path in written:
            typer.echo(f"Wrote {place(path)}")
        if not written:
            typer.echo("Nobody has sent anything yet.")


def _progress(store: "Store") -> dict[str, object]:
    """Return how far people are and how the review stands, as JSON."""
    from acidtest.review import assign, people
    from acidtest.review.live import standing

    plan: ReviewPlan = store.plan
    with store.database.read() as connection:
        now = time.time()
        progress = {
            person.name: {
                queue: {"done": found.done, "left": found.left}
                for queue in plan.queues
                for found in [assign.progress(connection, person, queue, now)]
            }
            for person in people.people(connection)
            if not person.owner
        }
    stands = standing(plan, store.ratings(), store.preferences(), store.answers())
    return {"progress": progress, **stands.as_json()}


def write_json(found: dict[str, object], json_file: str, *, secret: bool = False) -> None:
    """Write JSON to a file, - for the terminal; with `secret`, others on this machine cannot read the file."""
    import orjson

    from acidtest.data.run_folder import write_atomically

    content = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if json_file == "-":
        echo_json(content)
        return
    before = os.umask(0o077) if secret else None
    try:
        write_atomically(Path(json_file), content)
    finally:
        if before is not None:
            os.umask(before)
