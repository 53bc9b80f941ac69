"""`kedai printer`: a receipt printer made of software, and a reader of print jobs."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from edge.printing.profiles import PROFILES

_profile_option = click.option(
    "--profile",
    type=click.Choice(sorted(PROFILES)),
    default="virtual",
    show_default=True,
    help="Which printer to be: it decides how wide the paper is.",
)


@click.group()
def printer() -> None:
    """Receipt printers: one made of software, and what a print job holds."""


@printer.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9100, show_default=True, help="Where printing programs connect.")
@click.option("--http-port", default=9180, show_default=True, help="Where the papers are shown.")
@_profile_option
@click.option("--slow", "ms_per_line", type=click.IntRange(min=0), default=0, metavar="MS",
              help="Milliseconds a printed line takes; 0 is at once.")  # fmt: skip
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path),
              help="Keep each paper there as a picture and as text.")  # fmt: skip
def simulate(
    host: str, port: int, http_port: int, profile: str, ms_per_line: int, folder: Path | None
) -> None:
    """Be a receipt printer on the network; its papers and switches are on a page in the browser."""
    try:
        asyncio.run(_simulate(host, port, http_port, profile, ms_per_line, folder))
    except OSError as fault:
        _fail(
            f"The printer cannot start: {fault.strerror or fault}. Nothing was started. "
            "Choose another --port or --http-port."
        )


async def _simulate(
    host: str, port: int, http_port: int, profile: str, ms_per_line: int, folder: Path | None
) -> None:
    from edge.platform import Platform
    from edge.printing.simulator import Simulator
    from edge.printing.tray import Sheet
    from edge.printing.virtual import VirtualPrinter

    def make(on_sheet: Callable[[Sheet], None]) -> VirtualPrinter:
        printer = VirtualPrinter(
            Platform().wall_ms,
            dots=PROFILES[profile].dots,
            host=host,
            port=port,
            folder=folder,
            on_sheet=on_sheet,
        )
        if ms_per_line:
            printer.change(lines_per_s=1000 / ms_per_line)
        return printer

    simulator = Simulator(make, host=host, http_port=http_port)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await simulator.start()
    try:
        click.echo(
            f"Prints what comes to {simulator.printer.host}:{simulator.printer.port} ({profile})."
        )
        click.echo(f"Papers and switches: {simulator.url}   End with Ctrl-C.")
        await ended.wait()
    finally:
        await simulator.stop()


@printer.command()
@click.argument("file", type=click.File("rb"))
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path),
              help="Write pictures there; several sheets get a number before the ending.")  # fmt: skip
@click.option("--text", is_flag=True, help="Print the text too when pictures are written.")
@_profile_option
def decode(file: Any, png: Path | None, text: bool, profile: str) -> None:
    """What the print job in FILE (`-`: standard input) puts on paper: text, or pictures of it."""
    from edge.printing import decoding, raster
    from edge.printing.machine import Machine

    data = file.read(decoding.JOB_BYTES_MAX + 1)
    if len(data) > decoding.JOB_BYTES_MAX:
        _fail(f"A job of more than {decoding.JOB_BYTES_MAX >> 20} MB is no print job.")
    done = decoding.decode(data, Machine(dots=PROFILES[profile].dots))
    if text or png is None:
        for number, sheet in enumerate(done.sheets, 1):
            if number > 1:
                click.echo("- " * 24)
            click.echo(sheet.text, nl=False)
    if png is not None:
        for number, sheet in enumerate(done.sheets, 1):
            path = png if len(done.sheets) == 1 else png.with_stem(f"{png.stem}-{number:03}")
            try:
                path.write_bytes(raster.sheet_png(sheet))
            except OSError as fault:
                _fail(f"{path} cannot be written: {fault.strerror}.")
            click.echo(f"{path}", err=True)
    unknown = sum(done.unknown.values())
    names = ", ".join(name.hex(" ") for name in done.unknown)
    click.echo(
        f"{len(done.sheets)} sheets, {done.cuts} cuts, {done.drawer_kicks} drawer pulses, "
        f"{unknown} unknown commands{f' ({names})' if names else ''}.",
        err=True,
    )


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
