"""Runs an MQTT broker as our child, for a demo or a test; an outlet's box uses the system's."""

import asyncio
import ipaddress
import logging
import os
import signal
import socket
from pathlib import Path

from edge.child_process import end_child, start_child
from edge.lan.broker_access import BrokerAccess
from edge.lan.broker_config import BrokerSettings, mosquitto_conf
from edge.lan.broker_programs import BrokerProgram, find_broker
from edge.lan.link import BrokerFault

log = logging.getLogger("edge.lan.broker")

START_TIMEOUT_S = 10.0
SAVE_TIMEOUT_S = 3.0
STOP_PATIENCE_S = 5.0
PORT_ATTEMPTS_MAX = 5
RESTART_FIRST_S, RESTART_LAST_S = 0.1, 30.0
STEADY_AFTER_S = 30.0
# CONNECT of MQTT 3.1.1, clean session, keep-alive 5 s, client id "probe"; answer: CONNACK.
CONNECT_PACKET = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x05\x00\x05probe"
CONNACK_ACCEPTED, CONNACK_WITH_PASSWORD = b"\x20\x02\x00\x00", b"\x20\x02\x00\x05"
DISCONNECT_PACKET = b"\xe0\x00"


class EmbeddedBroker:
    """A broker on this machine's loopback only, kept alive until stop().

    Without `access` anyone on this machine may connect without a password; with it mosquitto asks
    for one (aedes does not). No other address is accepted either way. Retained messages and sessions survive a restart with mosquitto (`keeps_state`), not
    with aedes: publishers publish again when their link comes back.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        program: BrokerProgram | None = None,
        access: BrokerAccess | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(
                f"The embedded broker has no TLS, so it listens on loopback only, not {host}."
                " For screens on the LAN install mosquitto with the shipped configuration."
            )
        self.host = host
        self.port = port
        self.keeps_state = False
        self.restarts = 0
        self._dir = data_dir.absolute()
        self._program = program
        self._access = access
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the broker and returns when it accepts connections; `port` is then final.

        A port that is taken is replaced by a free one. Raises BrokerFault when no broker program
        can be found or none of several ports works.
        """
        self._dir.mkdir(parents=True, exist_ok=True)
        if self._program is None:
            self._program = await asyncio.to_thread(find_broker)
        if self._program is None:
            raise BrokerFault(
                "no MQTT broker found; install mosquitto (apt install mosquitto, brew install "
                "mosquitto), or Node with npm"
            )
        wanted = self.port
        for attempt in range(PORT_ATTEMPTS_MAX):
            self.port = _free_port(self.host, wanted if attempt == 0 else 0)
            try:
                await self._launch()
                break
            except BrokerFault as fault:
                taken = "address already in use" in str(fault).lower()
                if not taken or attempt == PORT_ATTEMPTS_MAX - 1:
                    raise
        if wanted not in {0, self.port}:
            log.warning("Port %d is taken; the broker uses %d.", wanted, self.port)
        if self._access is not None:
            self._access.on_changed.append(self.reload)
            if self._program.kind == "aedes":
                log.warning("aedes asks for no password: any program on this machine may connect.")
        self._keeper = asyncio.create_task(self._keep_alive())

    def reload(self) -> None:
        """mosquitto reads its password and rights files again, and cuts who lost his."""
        if self._program is not None and self._program.kind == "mosquitto" and self.pid is not None:
            os.kill(self.pid, signal.SIGHUP)

    async def stop(self) -> None:
        """Ends the broker (mosquitto saves its state first) and leaves no process."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        if self._process is not None:
            await end_child(self._process, patience_s=STOP_PATIENCE_S)
            self._process = None

    @property
    def pid(self) -> int | None:
        """The running broker's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def describe(self) -> str:
        """In words, for a start-up page: what runs where, and whether it keeps its state."""
        if self._program is None:
            return "no broker yet"
        keeps = "keeps its state" if self.keeps_state else "forgets its state when it restarts"
        state = f"on {self.host}:{self.port}" if self.pid else "not running"
        return f"{self._program.kind} ({self._program.origin}) {state}; {keeps}"

    # ------------------------------------------------------------ one life of the process

    async def _launch(self) -> None:
        assert self._program is not None
        with self._log_path.open("wb") as output:
            self._process = await start_child(self._argv(self._program), output=output)
        try:
            await self._accepting(self._process, self._program.kind)
            if self._program.kind == "mosquitto":
                self.keeps_state = await self._saves(self._process)
        except BaseException:
            await end_child(self._process, patience_s=STOP_PATIENCE_S)
            raise

    async def _accepting(self, process: asyncio.subprocess.Process, kind: str) -> None:
        """Returns when the broker accepts a CONNECT. Raises BrokerFault if it ends or is slow."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not await _accepts_connect(self.host, self.port):
                    if process.returncode is not None:
                        raise BrokerFault(f"{kind} ended at once: {self._last_words()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise BrokerFault(
                f"{kind} did not accept a connection within {START_TIMEOUT_S} s: "
                f"{self._last_words()}"
            ) from None

    def _argv(self, program: BrokerProgram) -> list[str]:
        if program.kind == "aedes":
            return [*program.argv, self.host, str(self.port)]
        settings = self._dir / "mosquitto.conf"
        settings.write_text(self._mosquitto_conf())
        return [*program.argv, "-c", str(settings)]

    def _mosquitto_conf(self) -> str:
        # Started by root it would change to its own user: then it can neither write here nor be
        # tied to our end by the kernel. It listens on loopback only.
        settings = BrokerSettings(
            state_dir=str(self._dir),
            host=self.host,
            port=self.port,
            passwords=str(self._access.passwords.absolute()) if self._access else "",
            acl=str(self._access.acl.absolute()) if self._access else "",
            run_as="root" if os.geteuid() == 0 else "",
            pid_file=str(self._dir / "broker.pid"),
        )
        return mosquitto_conf(settings)

    async def _saves(self, process: asyncio.subprocess.Process) -> bool:
        """Whether mosquitto really writes its state: when it may not, it only logs and goes on."""
        saved = self._dir / "mosquitto.db"
        before = saved.stat().st_mtime_ns if saved.exists() else None
        process.send_signal(signal.SIGUSR1)  # mosquitto: save now
        try:
            async with asyncio.timeout(SAVE_TIMEOUT_S):
                while not saved.exists() or saved.stat().st_mtime_ns == before:  # noqa: ASYNC110 -- files have no events
                    await asyncio.sleep(0.02)
        except TimeoutError:
            log.warning("The broker does not save its state in %s: %s", saved, self._last_words())
            return False
        return True

    # ------------------------------------------------------------ keeping it alive

    async def _keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = RESTART_FIRST_S
        assert self._process is not None
        while True:
            began_s = loop.time()
            code = await self._process.wait()
            if loop.time() - began_s > STEADY_AFTER_S:
                pause_s = RESTART_FIRST_S
            log.warning("The broker ended (code %s). It is started again.", code)
            ended_s = loop.time()
            while True:
                await asyncio.sleep(pause_s)
                pause_s = min(RESTART_LAST_S, pause_s * 2)
                try:
                    await self._launch()
                    break
                except (BrokerFault, OSError):
                    continue  # said once above; the port stays, because links know it
            self.restarts += 1
            log.info("The broker is back after %.1f s.", loop.time() - ended_s)

    @property
    def _log_path(self) -> Path:
        return self._dir / "broker.log"

    def _last_words(self) -> str:
        try:
            words = self._log_path.read_text(errors="replace").strip().splitlines()
        except OSError:
            words = []
        return words[-1] if words else "it said nothing"


async def _accepts_connect(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(CONNECT_PACKET)
        answer = await reader.readexactly(len(CONNACK_ACCEPTED))
        writer.write(DISCONNECT_PACKET)
    except (OSError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()
    return answer in {CONNACK_ACCEPTED, CONNACK_WITH_PASSWORD}


def _free_port(host: str, wanted: int) -> int:
    """The wanted port if it is free, else one that was free a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise BrokerFault(f"no free port on {host}")
