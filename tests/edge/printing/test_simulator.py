"""The virtual printer's own page: its papers over HTTP, its switches, and no harm from strangers."""

import asyncio
import json
import re
import signal
import sys

import pytest
from click.testing import CliRunner
from httpx import AsyncClient

from edge.cli_printer import printer as printer_commands
from edge.printing.simulator import BODY_BYTES_MAX, Simulator
from edge.printing.virtual import VirtualPrinter

JOB = b"\x1b@Nasi goreng\n\x1bp\x00\x19\x19\x1dVB\x00"


@pytest.fixture
async def simulator():
    made = Simulator(lambda ring: VirtualPrinter(lambda: 1_000, on_sheet=ring))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def browser(simulator):
    async with AsyncClient(base_url=simulator.url) as speaks:
        yield speaks


async def send(simulator, data=JOB):
    _, writer = await asyncio.open_connection("127.0.0.1", simulator.printer.port)
    writer.write(data)
    await writer.drain()
    writer.close()


async def test_papers_are_pictures_and_text(simulator, browser):
    await send(simulator)
    await simulator.printer.wait_for_sheets(1)
    view = (await browser.get("/papers/")).json()
    assert [sheet["number"] for sheet in view["sheets"]] == [1]
    assert view["drawer_kicks"] == 1
    assert (await browser.get("/papers/1.txt")).text == "Nasi goreng\n"
    assert (await browser.get("/papers/1.png")).content.startswith(b"\x89PNG")
    assert "Virtual printer" in (await browser.get("/")).text


async def test_an_open_page_hears_of_each_paper(simulator, browser):
    async with browser.stream("GET", "/events") as events:
        rows = events.aiter_lines()
        assert said(await anext(rows))["sheets_printed"] == 0
        await send(simulator)
        async with asyncio.timeout(5):
            while not (row := await anext(rows)).startswith("data:"):
                pass
        assert said(row)["sheets_printed"] == 1


def said(row):
    return json.loads(row.removeprefix("data:"))


async def test_switches_hold_papers_back_and_let_them_out(simulator, browser):
    view = (await browser.post("/switch", content="paper_out=1")).json()
    assert view["conditions"]["paper_out"]
    await send(simulator)
    await asyncio.sleep(0.1)
    assert simulator.printer.sheets == ()
    await browser.post("/switch", content="paper_out=0")
    await simulator.printer.wait_for_sheets(1)


async def test_power_off_is_no_answer_and_on_is_the_same_address(simulator, browser):
    port = simulator.printer.port
    assert not (await browser.post("/switch", content="power=off")).json()["on"]
    with pytest.raises(ConnectionRefusedError):
        await send(simulator)
    assert (await browser.post("/switch", content="power=on")).json()["on"]
    await send(simulator)
    await simulator.printer.wait_for_sheets(1)
    assert simulator.printer.port == port


async def test_what_waits_is_lost_when_the_power_goes(simulator, browser):
    await browser.post("/switch", content="cover_open=1")
    await send(simulator)
    await asyncio.sleep(0.1)
    await browser.post("/switch", content="power=cycle")
    await browser.post("/switch", content="cover_open=0")
    await asyncio.sleep(0.1)
    assert simulator.printer.sheets == ()


async def test_a_page_of_another_site_switches_nothing(simulator, browser):
    foreign = {"origin": "https://elsewhere.example"}
    answer = await browser.post("/switch", content="paper_out=1", headers=foreign)
    assert answer.status_code == 403
    assert not simulator.printer.conditions.paper_out


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /switch HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1),
        b"POST /switch HTTP/1.1\r\ncontent-length: 3\r\n\r\n\xff\xff\xff",
        b"GET /papers/../../etc/passwd.txt HTTP/1.1\r\n\r\n",
        b"X" * 40_000,
    ],
)
async def test_strangers_are_hung_up_on_and_the_page_goes_on(simulator, browser, request_bytes):
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.http_port)
    writer.write(request_bytes)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer == b"" or b" 404 " in answer.splitlines()[0]
    writer.close()
    assert (await browser.get("/")).status_code == 200


async def test_kedai_printer_simulate_prints_until_it_is_told_to_stop():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from edge.cli_printer import printer; printer()"),
        *("simulate", "--port", "0", "--http-port", "0", "--slow", "1"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            first, second = [(await process.stdout.readline()).decode() for _ in range(2)]
            address = re.search(r"([0-9.]+):([0-9]+)", first)
            page = re.search(r"http://[^ ]+", second)[0]
            _, writer = await asyncio.open_connection(address[1], int(address[2]))
            writer.write(JOB)
            await writer.drain()
            writer.close()
            async with AsyncClient(base_url=page) as browser:
                while not (await browser.get("/papers/")).json()["sheets"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                assert (await browser.get("/papers/1.txt")).text == "Nasi goreng\n"
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class TestDecode:
    def run(self, tmp_path, data, *options):
        job = tmp_path / "job.bin"
        job.write_bytes(data)
        return CliRunner().invoke(printer_commands, ["decode", str(job), *options])

    def test_text_without_being_asked(self, tmp_path):
        done = self.run(tmp_path, JOB)
        assert done.exit_code == 0
        assert done.stdout == "Nasi goreng\n"
        assert "1 sheets, 1 cuts, 1 drawer pulses" in done.stderr

    def test_pictures_of_each_sheet(self, tmp_path):
        done = self.run(tmp_path, JOB * 2, "--png", str(tmp_path / "paper.png"))
        assert done.stdout == ""
        assert sorted(p.name for p in tmp_path.glob("*.png")) == ["paper-001.png", "paper-002.png"]

    def test_unknown_commands_are_named(self, tmp_path):
        assert "1 unknown commands (1b 5a)" in self.run(tmp_path, b"\x1bZA\n").stderr

    def test_a_place_that_cannot_be_written_is_a_sentence(self, tmp_path):
        done = self.run(tmp_path, JOB, "--png", str(tmp_path / "no" / "paper.png"))
        assert done.exit_code == 1
        assert "cannot be written" in done.stderr
