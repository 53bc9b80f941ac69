"""FS-58: a printer with a new address is found by its hardware address; another one is not mistaken."""

import asyncio

import pytest

from edge.config import PrinterConfig
from edge.printing.encoder import encode
from edge.printing.printers import NetworkPrinter, PrinterFault
from edge.printing.profiles import PrinterProfile
from edge.printing.virtual import VirtualPrinter
from edge.printing.whereabouts import Whereabouts, segment_of
from tests.contract.printers import job

PROFILE = PrinterProfile()
OURS, OTHER = "00:26:ab:01:02:03", "00:26:ab:99:99:99"
HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


@pytest.fixture
def neighbours(tmp_path):
    """Writes the network's list of neighbours: who answers at which address."""
    path = tmp_path / "arp"

    def are(**addresses):
        rows = [f"{a} 0x1 0x2 {mac} * eth0\n" for a, mac in addresses.items()]
        path.write_text(HEAD + "".join(rows))
        return path

    are()
    return are


@pytest.fixture
async def make_at():
    """A virtual printer at an address of this machine's own network, always on the same port."""
    started = []

    async def make(host, port=0):
        printer = VirtualPrinter(lambda: 0, host=host, port=port)
        await printer.start()
        started.append(printer)
        return printer

    yield make
    for printer in started:
        await printer.stop()


def found_within(printer, host, within_s=5.0):
    async def wait():
        async with asyncio.timeout(within_s):
            while printer.host != host:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    return wait()


async def test_fs58_after_a_power_cut_it_is_found_at_its_new_address(neighbours, make_at):
    virtual = await make_at("127.0.0.9")
    table = neighbours(**{"127.0.0.5": OURS, "127.0.0.1": OTHER})
    where = Whereabouts(OURS.upper().replace(":", "-"), virtual.port, neighbours=table)
    printer = NetworkPrinter("127.0.0.5", virtual.port, PROFILE, 2.0, whereabouts=where)
    # The network still remembers where it was.
    neighbours(**{"127.0.0.5": OURS, "127.0.0.9": OURS, "127.0.0.1": OTHER})
    with pytest.raises(PrinterFault) as caught:
        await printer.print(encode(job("Soto"), PROFILE))
    assert (caught.value.code, caught.value.may_have_printed) == ("unreachable", False)
    await found_within(printer, "127.0.0.9")
    await printer.print(encode(job("Soto"), PROFILE))
    assert [s.text for s in virtual.sheets] == ["Soto 0\n"]
    await where.stop()


async def test_fs58_two_printers_that_swapped_addresses_do_not_print_each_others_papers(
    neighbours, make_at
):
    grill = await make_at("127.0.0.9")
    bar = await make_at("127.0.0.5", grill.port)
    table = neighbours(**{"127.0.0.5": OTHER, "127.0.0.9": OURS})
    where = Whereabouts(OURS, grill.port, neighbours=table)
    printer = NetworkPrinter("127.0.0.5", grill.port, PROFILE, 2.0, whereabouts=where)
    with pytest.raises(PrinterFault):
        await printer.print(encode(job("Sate"), PROFILE))
    await found_within(printer, "127.0.0.9")
    await printer.print(encode(job("Sate"), PROFILE))
    assert (bar.sheets, len(grill.sheets)) == ((), 1)
    await where.stop()


async def test_an_unknown_neighbour_is_knocked_for_until_it_answers(neighbours, tmp_path, make_at):
    """Nobody has spoken to it since it moved: the list has it once its address was tried."""
    virtual = await make_at("127.0.0.9")
    table, knocked = neighbours(), list[str]()

    def addresses(_):
        knocked.append("asked")
        neighbours(**{"127.0.0.9": OURS})  # as the kernel does when somebody connects
        return ["127.0.0.8", "127.0.0.9"]

    where = Whereabouts(OURS, virtual.port, neighbours=table, addresses=addresses)
    printer = NetworkPrinter("127.0.0.5", virtual.port, PROFILE, 2.0, whereabouts=where)
    for _ in range(3):
        with pytest.raises(PrinterFault):
            await printer.status()
        if printer.host == "127.0.0.9":
            break
    await found_within(printer, "127.0.0.9")
    assert knocked == ["asked"], "not more often than every now and then"
    assert (await printer.status()).online
    await where.stop()


async def test_on_another_segment_the_host_name_has_to_do(neighbours, make_at):
    """The network cannot tell who is there: it is believed, and looked up anew for each job."""
    virtual = await make_at("127.0.0.1")
    where = Whereabouts(OURS, virtual.port, neighbours=neighbours())
    printer = NetworkPrinter("localhost", virtual.port, PROFILE, 2.0, whereabouts=where)
    await printer.print(encode(job("Rawon"), PROFILE))
    assert len(virtual.sheets) == 1


def test_a_segment_has_254_addresses_and_a_name_has_none():
    assert segment_of("192.168.1.50")[::253] == ["192.168.1.1", "192.168.1.254"]
    assert segment_of("printer.local") == segment_of("fe80::1") == []


@pytest.mark.usefixtures("impatient")
async def test_fs58_a_box_prints_on_within_its_minute(
    make_box, menu, make_at, neighbours, take, guest, monkeypatch, quiet
):
    from edge.printing import whereabouts

    virtual = await make_at("127.0.0.9")
    monkeypatch.setattr(whereabouts, "NEIGHBOURS", neighbours(**{"127.0.0.9": OURS}))
    config = PrinterConfig(
        id="dapur", name="Dapur", host="127.0.0.5", port=virtual.port, mac=OURS,
        stations=("dapur",),
    )  # fmt: skip
    box = await make_box(menu=menu, printers=(config,))
    await take(box, guest.place("nasi-kecil"))
    await quiet(box)
    assert ["DUPLI" in s.text for s in virtual.sheets] == [False]
