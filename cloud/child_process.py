"""Starts a program as our child, under an account it accepts, so that it ends with us.

Run as a script this file is the launcher: it changes the account if asked, asks the kernel for
the signal, then becomes the program. (A `preexec_fn` would do the same in the forked interpreter,
which is not safe while other threads run.) The box has its own, simpler one.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x1000_0000  # linux/sched.h
NOBODY = 65534  # has an entry in passwd everywhere, which initdb asks for
LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).resolve()))

Account = Literal["own", "namespace", "nobody"]
"""As whom the child runs: as we do; as root in a user namespace where it sees itself as nobody
(its files stay root's); or really as nobody."""


async def start_child(
    argv: Sequence[str],
    *,
    account: Account,
    end_signal: signal.Signals,
    output: IO[bytes],
) -> asyncio.subprocess.Process:
    """Starts argv in a session of its own, output and errors going to the given file.

    Its own session keeps Ctrl-C in the terminal from reaching it: the parent decides the order of
    stopping. On Linux the child gets end_signal as soon as this process (more exactly: the thread
    that runs the event loop) is gone. A missing program, or an account that the system does not
    allow, shows as exit code 127.
    """
    return await asyncio.create_subprocess_exec(
        *LAUNCHER,
        str(os.getpid()),
        str(int(end_signal)),
        account,
        *argv,
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _become(parent: int, end_signal: int, account: str, argv: list[str]) -> None:
    try:
        if account == "namespace":
            _enter_namespace_as_nobody()
        elif account == "nobody":
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        if sys.platform == "linux":  # last: a change of account clears it
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, end_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the kernel knew whom to tell
        os.execvp(argv[0], argv)  # noqa: S606 -- argv comes from start_child
    except OSError as fault:
        sys.stderr.write(f"{argv[0]}: {fault}\n")
        os._exit(127)


def _enter_namespace_as_nobody() -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"no user namespace: {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
