"""The command line: `kedai demo`, `kedai edge …`, `kedai kiosk`, `kedai cloud …`, `kedai replay`."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from edge.cli_broker import broker
from edge.cli_days import day, till
from edge.cli_kiosk import approve, kiosk
from edge.cli_menu import menu
from edge.cli_papers import papers, reprint
from edge.cli_printer import printer
from edge.cli_staff import staff
from edge.config import Config, ConfigError, load
from edge.product import VERSION

T = TypeVar("T")

_config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="TOML file; see `config.py`."
)
_data_option = click.option("--data", "data_dir", help="Folder for journal, key and spool.")


@click.group()
@click.version_option(VERSION, prog_name="kedai")
def main() -> None:
    """The store server for restaurants: box, HQ and the tools around them."""


@main.group()
def edge() -> None:
    """The box of one outlet."""


@edge.command()
@_config_option
@_data_option
@click.option("--port", type=int, help="HTTP port instead of the configured one.")
@click.option("--host", help="Address to listen on instead of the configured one.")
def serve(
    config_file: Path | None, data_dir: str | None, port: int | None, host: str | None
) -> None:
    """Run the box until it is told to stop."""
    from edge import app, logs

    config = _config(config_file, data_dir=data_dir, http_port=port, http_host=host)
    logs.set_up(config.log_level, as_json=config.log_json)
    try:
        Path(config.data_dir).mkdir(parents=True, exist_ok=True)
        listening = app.listen(config.http_host, config.http_port)
    except OSError as fault:
        _fail(
            f"The box cannot start: {fault.strerror} ({fault.filename or config.http_port}). "
            "Nothing was changed. Choose another --data folder or --port."
        )
    try:
        status = _run(lambda: app.serve(config, [listening]))
    except app.CannotStart as fault:
        _fail(f"{fault} Nothing was changed.")
    sys.exit(status)


@edge.command()
@_config_option
@_data_option
@click.option("--hq", default="", help="Address of HQ, such as https://hq.example.com")
@click.option("--code", required=True, help="One-time code that HQ printed for the outlet.")
@click.option(
    "--again", is_flag=True, help="HQ forgot this box: keep its data, and its place at HQ."
)
def enrol(config_file: Path | None, data_dir: str | None, hq: str, code: str, again: bool) -> None:
    """Make this machine the box of an outlet; its key is made here and never leaves it."""
    from edge import enrolling

    folder = Path(_config(config_file, data_dir=data_dir).data_dir)
    try:
        name = _run(lambda: enrolling.enrol(folder, hq, code, again=again))
    except enrolling.NotEnrolled as no:
        _fail(str(no))
    if again:
        click.echo(f"HQ knows this box of {name} again; a running box goes on by itself.")
    else:
        click.echo(f"This box now serves {name}. Start it with `kedai edge serve`.")


@edge.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_config_option
@_data_option
def backup(file: Path, config_file: Path | None, data_dir: str | None) -> None:
    """Write a copy of the box's data to FILE; the box may go on selling. Its key is not in it."""
    from edge import backup as copies
    from edge.node import Node
    from edge.platform import Platform
    from edge.product import PRODUCT

    config = _config(config_file, data_dir=data_dir)
    node = Node(Path(config.data_dir))
    try:
        node.load()
        name = node.enrolled.outlet_name if node.enrolled else config.outlet_name
        made = copies.back_up(
            *(Path(config.data_dir), file),
            now_ms=Platform().wall_ms(),
            product=PRODUCT,
            outlet=name,
        )
    except (copies.BadCopy, OSError) as fault:
        _fail(f"No copy was made: {fault}. The box was not touched.")
    click.echo(f"{file} holds {made.orders} orders, {made.position} entries, and was checked.")


@edge.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_config_option
@_data_option
def restore(file: Path, config_file: Path | None, data_dir: str | None) -> None:
    """Put a copy in the place of the box's data. What was there is kept beside it."""
    from edge import backup as copies
    from edge.claim import InUse
    from edge.platform import Platform

    data = Path(_config(config_file, data_dir=data_dir).data_dir)
    aside = f"before-restore-{Platform().wall_ms()}"
    try:
        put = copies.restore(file, data, aside=aside)
    except InUse:
        _fail("The box is running on this data. Nothing was changed. Stop it, then restore.")
    except (copies.BadCopy, OSError) as fault:
        _fail(f"Nothing was changed: {fault}.")
    click.echo(
        f"The box is as it was at order entry {put.position} ({put.orders} orders). What was there "
        f"is in {data / aside}.\nStart it: HQ gives back what it has since, the screens offer the "
        "rest, and new orders are numbered in a new series. Nothing needs to be typed again."
    )


@edge.command("take-over")
@_config_option
@_data_option
@click.option("--port", type=int, help="HTTP port of the running box.")
def take_over(config_file: Path | None, data_dir: str | None, port: int | None) -> None:
    """Put this box in charge of its outlet when HQ says that it stands by for another."""
    from edge import taking_over

    config = _config(config_file, data_dir=data_dir, http_port=port)
    try:
        click.echo(_run(lambda: taking_over.take_over(Path(config.data_dir), config.http_port)))
    except taking_over.NotDone as no:
        _fail(str(no))


@edge.command()
@_config_option
@_data_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def doctor(config_file: Path | None, data_dir: str | None, as_json: bool) -> None:
    """Is this box sound, and is everything sent? Changes nothing; ends with 1 when not all is well."""
    from edge import doctor as doctors
    from edge.platform import Platform

    config = _config(config_file, data_dir=data_dir)
    found = _run(lambda: doctors.diagnose(Path(config.data_dir), Platform(), hq_url=config.hq_url))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        click.echo(doctors.in_words(found))
    sys.exit(0 if found.ok else 1)


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def cloud(arguments: tuple[str, ...]) -> None:
    """HQ: serve it, and manage tenants, outlets and keys."""
    # Box and HQ never import each other: HQ's own command line takes over this process.
    os.execv(sys.executable, [sys.executable, "-m", "cloud", *arguments])  # noqa: S606 - our own


main.add_command(kiosk)
main.add_command(printer)
edge.add_command(approve)
edge.add_command(broker)
edge.add_command(menu)
edge.add_command(day)
edge.add_command(till)
edge.add_command(papers)
edge.add_command(reprint)
edge.add_command(staff)


@main.command("import-menu")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--hq", required=True, help="Address of HQ.")
@click.option("--key", required=True, envvar="KEDAI_HQ_KEY", help="Access key for HQ.")
@click.option("--currency", default="IDR", show_default=True)
@click.option("--language", default="id", show_default=True, help="Language of the plain columns.")
def import_menu(file: Path, hq: str, key: str, currency: str, language: str) -> None:
    """Publish a menu from a CSV file at HQ, whole; every outlet then sells from it."""
    from edge.replay import publishing

    try:
        done = _run(lambda: publishing.import_menu(file, hq, key, currency, language=language))
    except publishing.BrokenMenu as broken:
        for fault in broken.faults:
            click.echo(f"  {fault}", err=True)
        _fail(str(broken))
    except (publishing.HqFault, ValueError, OSError) as fault:
        _fail(str(fault))
    for change in done.changes:
        click.echo(f"  {change}")
    state = "is published" if done.changed else "is what HQ has already"
    click.echo(f"Menu version {done.version} {state}: {done.items} items, {done.variants} to sell.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--box", required=True, help="Address of the box, such as http://localhost:8080")
@click.option("--outlet", default="", help="Take the rows of this outlet only.")
@click.option("--name", default="", help="Keeps two sets of sales with equal order keys apart.")
@click.option("--speed", default=0.0, help="60 lets a minute pass in a second; 0 is full speed.")
@click.option("--skip-broken", is_flag=True, help="Import the sound orders, report the others.")
@click.option("--patience", default=60.0, help="Seconds to wait for a box that does not answer.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def replay(
    file: Path,
    box: str,
    outlet: str,
    name: str,
    speed: float,
    skip_broken: bool,
    patience: float,
    as_json: bool,
) -> None:
    """Drive a file of recorded sales through a box; running it twice changes nothing."""
    from edge.replay import engine
    from edge.replay.box import BoxFault
    from edge.replay.sales_file import SalesFault

    bar = click.progressbar(length=0, label="Replaying", file=sys.stderr, show_pos=True)

    def on_progress(done: int, of: int) -> None:
        bar.length = of
        bar.update(done - bar.pos)

    try:
        with bar:
            outcome = _run(
                lambda: engine.replay(
                    file,
                    box,
                    outlet=outlet,
                    name=name,
                    skip_broken=skip_broken,
                    speed=speed,
                    patience_s=patience,
                    on_progress=on_progress,
                )
            )
    except engine.BrokenFile as broken:
        for fault in broken.faults:
            click.echo(f"  {fault}", err=True)
        _fail(str(broken))
    except (SalesFault, BoxFault, OSError) as fault:
        _fail(str(fault))
    _say_outcome(outcome, as_json)
    sys.exit(0 if outcome.clean else 1)


@main.command()
@click.option("--data", "data_dir", default=".kedai", show_default=True, help="Where it is kept.")
@click.option("--fresh", is_flag=True, help="Start over: forget everything a former demo kept.")
@click.option("--traffic", is_flag=True, help="Let guests order by themselves.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--port", default=8090, show_default=True, help="Port of the demo's home page.")
def demo(data_dir: str, fresh: bool, traffic: bool, no_browser: bool, port: int) -> None:
    """One outlet and HQ on this machine, with kitchen, printers and a page that explains them."""
    from edge.demo import show

    options = show.Options(
        data_dir=Path(data_dir).absolute(),
        fresh=fresh,
        traffic=traffic,
        browser=not no_browser,
        port=port,
    )
    sys.exit(_run(lambda: show.run(options)))


def _config(config_file: Path | None, **given: Any) -> Config:
    try:
        config = load(config_file)
    except ConfigError as fault:
        _fail(f"{fault}. Nothing was started.")
    return msgspec.structs.replace(config, **{k: v for k, v in given.items() if v is not None})


def _say_outcome(outcome: Any, as_json: bool) -> None:
    from protocol.money import decimal_text

    if as_json:
        click.echo(
            msgspec.json.encode(
                {
                    "orders": outcome.orders,
                    "accepted": outcome.accepted,
                    "repeated": outcome.repeated,
                    "refused": [msgspec.to_builtins(r) for r in outcome.refused],
                    "left_out": outcome.left_out,
                    "lines": outcome.lines,
                    "units": outcome.units,
                    "amount": decimal_text(outcome.amount, outcome.currency),
                }
            )
        )
        return
    for fault in outcome.faults:
        click.echo(f"  {fault}", err=True)
    for refused in outcome.refused:
        click.echo(
            f"  row {refused.row}, order {refused.order}: {refused.sentence} ({refused.code})",
            err=True,
        )
    amount = decimal_text(outcome.amount, outcome.currency)
    click.echo(
        f"{outcome.accepted} orders taken, {outcome.repeated} were there already, "
        f"{len(outcome.refused)} refused, {len(outcome.left_out)} left out: "
        f"{outcome.lines} lines, {outcome.units} units, {amount} {outcome.currency.code}."
    )


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
