"""Starts a program as our child so that it ends with us, even when we are killed.

Run as a script this file is the launcher: it asks the kernel for the signal, then becomes the
program. (A `preexec_fn` would do the same in the forked interpreter, which is not safe while
other threads run.)
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).resolve()))


async def start_child(
    argv: Sequence[str], *, output: IO[bytes], end_signal: signal.Signals = signal.SIGTERM
) -> asyncio.subprocess.Process:
    """Starts argv in a session of its own, output and errors going to the given file.

    Its own session keeps Ctrl-C in the terminal from reaching it: the parent decides the order of
    stopping. On Linux the child gets end_signal as soon as this process (more exactly: the thread
    that runs the event loop) is gone. Raises OSError if the interpreter cannot be started; a
    missing program shows as exit code 127.
    """
    return await asyncio.create_subprocess_exec(
        *LAUNCHER,
        str(os.getpid()),
        str(int(end_signal)),
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


async def end_child(process: asyncio.subprocess.Process, *, patience_s: float) -> None:
    """Asks the child to end (SIGTERM), and kills it when it has not within patience_s."""
    if process.returncode is not None:
        return
    try:
        process.terminate()
        async with asyncio.timeout(patience_s):
            await process.wait()
    except ProcessLookupError:
        await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _become(parent: int, end_signal: int, argv: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, end_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the kernel knew whom to tell
    try:
        os.execvp(argv[0], argv)  # noqa: S606 -- argv comes from start_child
    except OSError as fault:
        sys.stderr.write(f"{argv[0]}: {fault}\n")
        os._exit(127)


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
