"""`kedai demo` as a visitor meets it: started, tried out, stopped, started again, thrown away."""

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from edge.lan.mqtt import MqttLink

pytestmark = [pytest.mark.postgres, pytest.mark.broker, pytest.mark.timeout(300)]

KEDAI = Path(sys.executable).with_name("kedai")
OPEN_S, END_S = 90, 30
STANDARD_PORTS = (8000, 8080)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="who works is read from /proc")


async def test_an_order_goes_through_to_kitchen_paper_and_hq(open_demo, wait_until):
    demo = await open_demo()
    tickets = await demo.watch_kitchen()

    order = await demo.order("Nasi Goreng Kampung")

    await wait_until(lambda: any(order["order_id"] in topic for topic in tickets))
    sheet = (await wait_until(lambda: demo.find_sheets("kitchen")))[0]
    picture = await demo.client.get(demo.home + sheet["png_url"])
    assert picture.content.startswith(b"\x89PNG")
    await wait_until(lambda: demo.hq_counts(1))
    assert (await demo.read("/")).status_code == 200
    for screen in (await demo.state())["screens"]:
        assert (await demo.read(screen["url"])).status_code == 200, screen


async def test_the_wan_is_cut_and_the_paper_taken_away(open_demo, wait_until):
    demo = await open_demo()
    await demo.switch("wan", cut=True)
    await demo.switch("printers/kitchen", paper_out=True)

    await demo.order("Nasi Goreng Kampung")
    await wait_until(lambda: demo.complains("hq", "printer.kitchen"))

    assert await demo.hq_counts(0)
    assert await demo.find_sheets("kitchen") == []

    await demo.switch("printers/kitchen", paper_out=False)
    await demo.switch("wan", cut=False)

    await wait_until(lambda: demo.hq_counts(1))
    assert len(await wait_until(lambda: demo.find_sheets("kitchen"))) == 1
    await wait_until(demo.is_content)


async def test_the_outlet_has_taxes_tables_and_people(open_demo, wait_until):
    demo = await open_demo()

    house = (await demo.client.get(await demo.at_box("/api/house"))).json()["house"]
    order = await demo.order("Nasi Goreng Kampung")

    assert sum(len(section["tables"]) for section in house["sections"]) == 16
    totals = order["totals"]
    assert [tax["name"] for tax in totals["taxes"]] == ["PBJT"]
    assert totals["service"] == totals["lines"] // 20
    assert totals["total"] == (totals["lines"] + totals["service"]) * 11 // 10


async def test_what_was_sold_is_there_again_until_somebody_starts_over(open_demo, wait_until):
    demo = await open_demo()
    order = await demo.order("Nasi Goreng Kampung")
    await wait_until(lambda: demo.hq_counts(1))
    await wait_until(lambda: demo.find_sheets("kitchen"))

    assert await demo.end(signal.SIGINT) == 0
    assert demo.processes() == {}
    assert "kept for the next time" in demo.said

    demo = await open_demo()
    assert [o["number"] for o in await demo.orders()] == [order["number"]]
    assert await demo.hq_counts(1)
    assert await demo.end(signal.SIGTERM) == 0

    demo = await open_demo("--fresh")
    assert await demo.orders() == []
    assert await demo.hq_counts(0)


async def test_ports_that_are_taken_are_replaced_and_named(open_demo, occupied):
    port = occupied[-1]

    demo = await open_demo(port=port)

    for taken in (*STANDARD_PORTS, port):
        assert f"Port {taken} is taken" in demo.said
    assert f"localhost:{port}" not in demo.home
    assert (await demo.read("/")).status_code == 200


@on_linux
async def test_whoever_dies_is_started_again(open_demo, wait_until):
    demo = await open_demo()
    await demo.order("Nasi Goreng Kampung")
    await wait_until(lambda: demo.hq_counts(1))

    for part in ("mosquitto -c", "bin/postgres -D", "-m edge serve", "-m cloud --data"):
        demo.kill(part)
        await wait_until(lambda part=part: demo.has(part) and demo.hq_answers(), part)
        # Sooner than a request for news is held: nothing need happen for all to be well again.
        await wait_until(demo.is_content, f"the box is not well after {part}", 22)

    assert len(await demo.orders()) == 1
    await demo.order("Nasi Goreng Kampung")
    await wait_until(lambda: demo.hq_counts(2))


@on_linux
async def test_a_demo_that_is_killed_leaves_nobody_behind(open_demo, wait_until):
    demo = await open_demo()
    assert len(demo.processes()) > 4  # itself, HQ, Postgres, box, broker

    await demo.end(signal.SIGKILL)

    await wait_until(lambda: demo.processes() == {}, "somebody is left", 20)


async def test_somebody_elses_folder_is_not_thrown_away(tmp_path):
    (tmp_path / "photo.jpg").write_text("precious")
    demo = Demo(tmp_path, 0)

    await demo.launch("--fresh")

    assert await demo.ended() == 1
    assert "is not a demo's folder" in demo.said
    assert (tmp_path / "photo.jpg").read_text() == "precious"


# ---------------------------------------------------------------- parts


class Demo:
    """A running `kedai demo`."""

    def __init__(self, data, port, new_id=None):
        self.data = data
        self.home = ""
        self.client = httpx.AsyncClient(timeout=30, follow_redirects=True)
        self.mint = new_id
        self._port = port
        self._log = data.with_name(f"{data.name}.log")
        self._process = None
        self._links = []

    @property
    def said(self):
        """Everything it printed."""
        return self._log.read_text()

    async def launch(self, *options):
        argv = ("demo", "--no-browser", "--data", str(self.data), "--port", str(self._port))
        with self._log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(KEDAI, *argv, *options), stdout=output, stderr=output
            )

    def is_open(self):
        assert self._process.returncode is None, self.said
        found = re.search(r"Start here +(\S+)", self.said)
        self.home = found.group(1) if found else ""
        return bool(found)

    async def end(self, number):
        """Send a signal; the exit status."""
        for link in self._links:
            await link.stop()
        self._links.clear()
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        return await self.ended()

    async def ended(self):
        await asyncio.wait_for(self._process.wait(), END_S)
        return self._process.returncode

    def kill(self, part):
        """SIGKILL to the process with these words in its command line."""
        os.kill(next(pid for pid, command in self.processes().items() if part in command), 9)

    def has(self, part):
        return any(part in command for command in self.processes().values())

    def processes(self):
        """Who works in its folder, by number, as told by the kernel."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                place = str((process / "cwd").readlink())
                command = (process / "cmdline").read_text()
                if str(self.data) in place or str(self.data) in command:
                    found[int(process.name)] = command.replace("\0", " ")
        return found

    async def read(self, address):
        return await self.client.get(self.home + address if address[0] == "/" else address)

    async def state(self):
        return (await self.read("/api/demo")).json()

    async def switch(self, what, **wanted):
        answer = await self.client.post(f"{self.home}/api/demo/{what}", json=wanted)
        assert answer.status_code == 200, answer.text

    async def find_sheets(self, printer):
        printers = (await self.state())["printers"]
        return next(p["sheets"] for p in printers if p["id"] == printer)

    async def at_box(self, path):
        counter = (await self.state())["screens"][0]["url"]
        return httpx.URL(counter).join(path)

    async def order(self, name):
        """One of an item, with as few modifiers as it allows."""
        menu = (await self.client.get(await self.at_box("/api/menu"))).json()
        groups = {group["id"]: group for group in menu["modifier_groups"]}
        item = next(i for i in menu["items"] if i["names"]["id"] == name)
        needed = [groups[g] for g in item["modifier_group_ids"]]
        line = {
            "line_id": self.mint(),
            "variant_id": item["variants"][0]["id"],
            "choices": [
                {"modifier_id": m["id"]} for g in needed for m in g["modifiers"][: g["min"]]
            ],
        }
        wish = {"order_id": self.mint(), "command_id": self.mint(), "lines": [line]}
        headers = {"x-session": await self.sign_in("Ayu")}
        answer = await self.client.post(
            await self.at_box("/api/orders"), json=wish, headers=headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["order"]

    async def sign_in(self, name):
        """A session of somebody whose PIN the first page shows."""
        pin = next(p["pin"] for p in (await self.state())["people"] if p["name"] == name)
        people = (await self.client.get(await self.at_box("/api/staff"))).json()["people"]
        staff_id = next(p["staff_id"] for p in people if p["name"] == name)
        asked = {"staff_id": staff_id, "pin": pin}
        answer = await self.client.post(await self.at_box("/api/staff/sign-in"), json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    async def orders(self):
        return (await self.client.get(await self.at_box("/api/orders/history"))).json()["orders"]

    async def health(self):
        return (await self.client.get(await self.at_box("/health"))).json()

    async def complains(self, *codes):
        wrong = {s["code"] for s in (await self.health())["sentences"] if not s["ok"]}
        return set(codes) <= wrong

    async def is_content(self):
        """Whether the box answers, and complains of nothing."""
        with suppress(httpx.TransportError):
            return (await self.health())["ok"]

    async def hq_answers(self):
        url = httpx.URL((await self.state())["hq"]["url"]).copy_with(
            path="/health/ready", query=None
        )
        with suppress(httpx.TransportError):
            return (await self.client.get(url)).status_code == 200

    async def hq_counts(self, orders):
        """Whether today's figure at HQ is so many orders; the link on the page signs in."""
        url = httpx.URL((await self.state())["hq"]["url"])
        await self.client.get(url)
        today = (await self.client.get(url.copy_with(path="/api/reports/today", query=None))).json()
        return today["totals"]["orders"] == orders

    async def watch_kitchen(self):
        """Topics of the tickets that the kitchen's displays are given."""
        settings = (self.data / "box" / "broker" / "mosquitto.conf").read_text()
        port = int(re.search(r"^listener (\d+)", settings, re.MULTILINE).group(1))
        link, topics = MqttLink("127.0.0.1", port, "visitor"), set()
        self._links.append(link)

        async def note(message):
            topics.add(message.topic)

        await link.start()
        await link.wait_connected(10)
        await link.subscribe("kedai/+/kitchen/+/tickets/+", note)
        return topics


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def open_demo(tmp_path, new_id, wait_until):
    """Starts the demo, always in the same folder, and waits until its page is there."""
    async with AsyncExitStack() as ending:

        async def start(*options, port=None):
            demo = Demo(tmp_path / "data", port or free_port(), new_id)
            await demo.launch(*options)
            ending.push_async_callback(demo.client.aclose)
            ending.push_async_callback(demo.end, signal.SIGTERM)
            await wait_until(demo.is_open, "the demo does not open", OPEN_S)
            return demo

        yield start


@pytest.fixture
def occupied():
    """Ports that somebody else has: the standard ones, and one more."""
    with ExitStack() as held:
        for port in (*STANDARD_PORTS, 0):
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # then somebody really has it
                holder.bind(("127.0.0.1", port))
            holder.listen()
        yield [*STANDARD_PORTS, holder.getsockname()[1]]
