"""A screen's machine finds its box, joins by a code, follows it, and believes no other."""

import asyncio
import contextlib
import json
import logging

import pytest

from edge.kiosk.line import Place, by_box
from edge.kiosk.memory import Memory

REFUSED = "is refused"


async def test_a_fresh_machine_shows_the_code_that_the_box_lists_and_is_let_in(
    shop, make_agent, approve, stands
):
    agent = await make_agent(places=[shop.place])
    await stands(agent, "pairing")
    (waits,) = await approve(shop)
    assert agent.tether.status.code == waits["code"]
    assert agent.tether.status.box == "Kedai Dago"
    await stands(agent, "in")
    (card,) = shop.box.devices.cards()
    assert (card.name, card.kind, card.device) == (
        *("Kiosk 1", "kiosk", agent.tether.status.device),
    )


async def test_what_it_remembers_is_for_its_own_user_and_outlives_a_restart(
    shop, paired, make_agent, stands
):
    agent = await paired(shop)
    folder = agent.options.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "agent.json").stat().st_mode & 0o777 == 0o600
    await agent.stop()
    again = await make_agent()
    await stands(again, "in")
    assert again.tether.status.device == agent.tether.status.device


async def test_several_boxes_are_a_question_to_a_person(served, make_agent, stands, approve):
    one, other = await served(outlet_name="Kedai Satu"), await served(outlet_name="Kedai Dua")
    agent = await make_agent(places=[one.place, other.place])
    await stands(agent, "choosing")
    listed = agent.tether.status.boxes
    assert [b["name"] for b in listed] == ["Kedai Dua", "Kedai Satu"]
    agent.tether.choose(one.place.fingerprint)
    await stands(agent, "pairing")
    await approve(one)
    await stands(agent, "in")
    assert other.box.devices.waiting() == ()


def test_of_two_boxes_of_one_outlet_the_one_in_charge_is_meant():
    def place(number, role, outlet="dago"):
        return Place(f"http://10.0.0.{number}:8080", "Dago", outlet, f"f{number}", role)

    spare = place(2, "standby")
    assert set(by_box([place(1, "primary"), spare])) == {"f1"}
    assert set(by_box([place(1, "primary"), place(2, "primary")])) == {"f1", "f2"}
    assert set(by_box([place(1, "primary"), place(2, "standby", "other")])) == {"f1", "f2"}
    assert [p.role for p in by_box([spare])["f2"]] == ["standby"]


async def test_it_tries_each_address_of_a_box(shop, make_agent, stands):
    place = shop.place
    unreachable = Place("http://127.0.0.1:1", place.name, place.outlet, place.fingerprint)
    agent = await make_agent(places=[unreachable, place])
    await stands(agent, "pairing")


async def test_it_waits_for_a_box_that_is_not_there_yet(served, make_agent, stands, until):
    places = []
    agent = await make_agent(places=places)
    await asyncio.sleep(0.2)
    assert agent.tether.status.state == "looking"
    places.append((await served()).place)
    agent.tether._look = _sees(places)
    await stands(agent, "pairing")


async def test_turned_away_it_asks_again_only_when_a_person_wants(shop, make_agent, stands):
    agent = await make_agent(places=[shop.place])
    await stands(agent, "pairing")
    (waits,) = shop.box.devices.waiting()
    shop.box.devices.deny(waits.pairing_id)
    await stands(agent, "denied")
    await asyncio.sleep(1.5)
    assert shop.box.devices.waiting() == ()
    agent.tether.forget()
    await stands(agent, "pairing")
    assert len(shop.box.devices.waiting()) == 1


async def test_it_follows_the_box_to_another_port(shop, paired, stands):
    agent = await paired(shop)
    old = shop.url
    await shop.shut()
    await stands(agent, "away")
    await shop.open()
    assert shop.url != old
    agent.tether._look = _sees([shop.place])
    await stands(agent, "in")
    assert json.loads((agent.options.folder / "agent.json").read_bytes())["url"] == shop.url


async def test_a_box_that_hangs_counts_as_away(shop, paired, stands, until):
    agent = await paired(shop)
    held = asyncio.Event()

    async def hangs(*_):
        await held.wait()

    door, shop._server.config.loaded_app.app = shop._server.config.loaded_app.app, hangs
    await until(lambda: agent.tether.line is None, 15)
    shop._server.config.loaded_app.app = door
    held.set()
    await stands(agent, "in")


async def test_a_fake_with_our_outlet_and_another_certificate_is_refused_once_in_words(
    shop, served, paired, stands, until, caplog
):
    agent = await paired(shop)
    fake = await served()
    outlet = shop.place.outlet
    posing = [
        fake.place.__class__(url=fake.url, name="Kedai Dago", outlet=outlet, fingerprint=f)
        for f in (fake.place.fingerprint, shop.place.fingerprint)
    ]
    caplog.set_level("WARNING", "edge.kiosk")
    await shop.shut()
    agent.tether._look = _sees(posing)
    await until(lambda: len(agent.tether.status.refused) == 2, 20)
    await asyncio.sleep(3)
    assert agent.tether.status.state == "away"
    assert "certificate" in agent.tether.status.refused[0]
    said = [r.message for r in caplog.records if REFUSED in r.message]
    assert len(said) == 2
    assert fake.box.devices.cards() == ()
    assert fake.box.devices._seen == {}


async def test_a_fake_before_pairing_gets_no_chance_either(shop, served, make_agent, stands, until):
    fake = await served(outlet_name="Kedai Palsu")
    place = fake.place.__class__(url=fake.url, name="x", fingerprint=shop.place.fingerprint)
    agent = await make_agent(places=[place])
    await until(lambda: agent.tether.status.refused)
    assert fake.box.devices.waiting() == ()


async def test_revoked_it_says_so_and_joins_again_only_when_a_person_wants(
    shop, paired, stands, approve
):
    agent = await paired(shop)
    device = agent.tether.status.device
    await shop.box.devices.revoke(device, "Sari")
    await stands(agent, "revoked")
    await asyncio.sleep(1.5)
    assert shop.box.devices.waiting() == ()
    agent.tether.forget()
    await stands(agent, "pairing")
    await approve(shop)
    await stands(agent, "in")
    assert agent.tether.status.device != device


@pytest.mark.parametrize(
    "said",
    [
        b"<html>a printer</html>",
        b"{}",
        b'{"outlet":"x","name":"x","role":"x","product":"x","certificate":"x","signature":"zz"}',
    ],
)
async def test_whatever_else_answers_at_an_address_is_no_box(said, make_agent, until):
    async def answers(reader, writer):
        with contextlib.closing(writer), contextlib.suppress(EOFError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said))
            await writer.drain()

    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        agent = await make_agent(box_url=f"http://127.0.0.1:{port}")
        await until(lambda: agent.tether.status.trouble or agent.tether.status.refused)
        assert agent.tether.status.code == ""


async def test_a_disk_that_keeps_nothing_costs_the_next_start_only(
    shop, make_agent, approve, stands, monkeypatch
):
    agent = await make_agent(places=[shop.place])
    await stands(agent, "pairing")
    agent.memory.folder = agent.memory.folder / "gone"
    await approve(shop)
    await stands(agent, "in")
    assert len(shop.box.devices.cards()) == 1


@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe", b"{}", b'{"paired": 3}'])
def test_a_damaged_memory_is_an_empty_one(tmp_path, rubbish):
    (tmp_path / "agent.json").write_bytes(rubbish)
    memory = Memory(tmp_path)
    memory.load()
    assert memory.kept is None


async def test_it_is_found_over_mdns_and_followed_by_its_outlet(
    served, make_agent, announce, approve, stands, caplog
):
    caplog.set_level(logging.INFO, "edge.kiosk")
    shop = await served(outlet_name="Kedai Ditemukan")
    first = await announce(shop)
    agent = await make_agent(lan=True)
    await stands(agent, "pairing", 20)
    await approve(shop)
    await stands(agent, "in")
    await first.stop()
    await shop.shut()
    await stands(agent, "away")
    await shop.open()
    await announce(shop)
    await stands(agent, "in", 25)


def _sees(places):
    async def look():
        await asyncio.sleep(0.05)
        return list(places)

    return look
