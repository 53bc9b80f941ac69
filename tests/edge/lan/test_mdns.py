"""The box announces itself and is found, and no network can stop it from starting (loopback)."""

import asyncio

import pytest

from edge.lan.mdns import Announcement, browse, lan_addresses

LOOPBACK = ["127.0.0.1"]
TEXT = {"v": "1", "outlet": "0198f", "name": "Kedai Melati", "path": "/kiosk", "mqtt": "1883"}


async def until(condition, within_s=10):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- what is awaited has no event
            await asyncio.sleep(0.02)


@pytest.fixture
async def announced():
    """Announces boxes on loopback and withdraws them after the test."""
    made = []

    async def announce(name, port=8080, **options):
        options = {"addresses": lambda: LOOPBACK} | options
        text = options.pop("text", TEXT)
        announcement = Announcement(name, "melati", port, text, **options)
        made.append(announcement)
        await announcement.start()
        return announcement

    yield announce
    for announcement in made:
        await announcement.stop()


async def found(name):
    # Two seconds: a responder keeps quiet for one after it has told everybody (RFC 6762, 6).
    return [box for box in await browse(2, addresses=LOOPBACK) if box.name.startswith(name)]


async def test_an_announced_box_is_found_with_all_a_screen_needs(announced):
    box = await announced("Kedai Melati, Jl. Sudirman 1")
    await until(lambda: box.published_at)
    (seen,) = await found("Kedai Melati")
    assert (seen.port, seen.addresses, seen.host) == (8080, ("127.0.0.1",), "melati.local")
    assert seen.text == TEXT
    assert "." not in seen.name
    await box.stop()
    assert await found("Kedai Melati") == []


async def test_a_name_that_is_taken_gets_a_number_and_so_does_the_host(announced, caplog):
    caplog.set_level("WARNING", "edge.lan.mdns")
    for port in (8080, 8081):
        box = await announced("Kedai Kembar", port)
        await until(lambda box=box: box.published_at)
    seen = {box.port: box for box in await found("Kedai Kembar")}
    assert (seen[8080].name, seen[8080].host) == ("Kedai Kembar", "melati.local")
    # A host name of two machines would lead a screen to one of them by chance.
    assert (seen[8081].name, seen[8081].host) == ("Kedai Kembar-2", "melati-2.local")
    assert box.twin
    assert "another box here is called Kedai Kembar too" in box.describe()
    assert [record.getMessage() for record in caplog.records] == [
        "Another machine on the LAN is called Kedai Kembar: this box is announced as Kedai Kembar-2."
    ]


async def test_a_missing_network_and_a_twin_are_on_the_health_page(announced, box):
    def said():
        return [(s.ok, s.en) for s in box.health.sentences() if s.code == "lan"]

    assert said() == []
    network = []
    box.health.announcement = await announced(
        "Kedai Sakit", addresses=lambda: network, look_again_s=0.05
    )
    await until(lambda: not said()[0][0])
    assert "not announced on the LAN: no network" in said()[0][1]
    network += LOOPBACK
    await until(lambda: box.health.announcement.published_at)
    await until(lambda: said()[0][0])
    box.health.announcement = twin = await announced("Kedai Sakit", 8081)
    await until(lambda: twin.published_at)
    assert (said()[0][0], "has this box's name" in said()[0][1]) == (False, True)


async def test_two_that_start_together_do_not_share_a_name(announced):
    boxes = [await announced("Kedai Serempak", port) for port in (8080, 8081)]
    await until(lambda: all(box.published_at for box in boxes))
    assert {box.published_as for box in boxes} == {"Kedai Serempak", "Kedai Serempak-2"}
    assert {seen.port for seen in await found("Kedai Serempak")} == {8080, 8081}


async def test_what_changes_about_the_box_is_told_to_who_listens(announced):
    said = TEXT | {"role": "standby"}
    box = await announced("Kedai Ganti Peran", text=lambda: said, look_again_s=0.05)
    await until(lambda: box.published_at)
    (before,) = await found("Kedai Ganti Peran")
    assert before.text["role"] == "standby"
    said["role"] = "primary"
    await asyncio.sleep(0.5)
    (after,) = await found("Kedai Ganti Peran")
    assert (after.text["role"], after.name) == ("primary", before.name)


async def test_an_address_that_changed_is_announced_and_the_old_one_is_not_answered(announced):
    addresses = ["127.0.0.1"]
    box = await announced("Kedai Pindah", addresses=lambda: list(addresses), look_again_s=0.05)
    await until(lambda: box.published_at)
    addresses[:] = ["127.0.0.2"]
    await until(lambda: box.published_at == ("127.0.0.2",))
    (seen,) = [b for b in await browse(2, addresses=["127.0.0.2"]) if b.name == "Kedai Pindah"]
    assert seen.addresses == ("127.0.0.2",)
    assert not box.twin


async def test_a_box_killed_without_goodbye_takes_its_own_name_again(announced):
    gone = await announced("Kedai Mati")
    await until(lambda: gone.published_at)
    gone._keeper.cancel()
    gone._responder.zeroconf.unregister_all_services = lambda: None
    gone._responder.zeroconf.generate_unregister_all_services = lambda: None
    await gone._responder.async_close()
    gone._responder = None
    again = await announced("Kedai Mati", 8085)
    await until(lambda: again.published_at)
    assert again.published_as == "Kedai Mati"


async def test_without_a_network_the_box_says_so_once_and_tries_again(announced, caplog):
    caplog.set_level("INFO", "edge.lan.mdns")
    network = []
    box = await announced("Kedai Sepi", addresses=lambda: network, look_again_s=0.05)
    await asyncio.sleep(0.3)
    assert box.describe() == "not announced on the LAN: no network"
    network += LOOPBACK
    await until(lambda: box.published_at)
    assert "melati.local" in box.describe()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_an_address_that_cannot_be_bound_does_not_stop_the_box(announced):
    box = await announced("Kedai Jauh", addresses=lambda: ["203.0.113.9"], look_again_s=0.05)
    await until(lambda: "not announced" in box.describe())
    assert await browse(0.1, addresses=["203.0.113.9"]) == []


async def test_looking_without_a_network_finds_nothing():
    assert await browse(0.1, addresses=[]) == []


def test_own_addresses_are_those_others_can_reach():
    assert not [address for address in lan_addresses() if address.startswith("127.")]
