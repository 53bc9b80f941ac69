"""A replay puts every sale on the box once, with the times and amounts that were recorded."""

import asyncio

import pytest

from edge.replay.box import Box, BoxFault
from edge.replay.engine import BrokenFile, replay
from edge.replay.menu_file import read_menu
from edge.replay.sales_file import SalesFault
from protocol.commands import Envelope, HoldOrder
from protocol.orders import DiningOption, OrderStatus, Source

HEADER = "order,time,plu,quantity,amount,note,dining_option,tender,tender_label,table,staff"
MORNING = (
    HEADER,
    "7,2025-03-01 08:15:00,101,2,15000,tanpa gula,takeaway,ewallet,GoPay,,Sri",
    "7,2025-03-01 08:15:00,202,1,,,takeaway,ewallet,GoPay,,Sri",
    "8,2025-03-01 23:59:59,203,1,0,,,,,,",
    "9,2025-03-02 00:00:00,201,3,,,,,,T4,",
)


def many(count: int) -> list[str]:
    rows = [f"{n},2025-03-01 {8 + n // 60:02}:{n % 60:02}:00,101,1,,,,,,," for n in range(count)]
    return [HEADER, *rows]


async def test_a_sale_arrives_as_it_was(box, sales):
    outcome = await replay(sales(*MORNING), box.url)

    assert (outcome.accepted, outcome.repeated, outcome.refused) == (3, 0, [])
    assert (outcome.lines, outcome.units, outcome.amount) == (4, 7, 15000 + 25000 + 0 + 54000)
    assert outcome.clean
    first = next(order for order in await box.orders() if order.staff == "Sri")
    assert (first.business_date, first.hour, first.number) == ("2025-03-01", 8, "A001")
    assert (first.source, first.dining_option) == (Source.IMPORT, DiningOption.TAKEAWAY)
    assert [(x.amount, x.expected, x.note) for x in first.lines] == [
        (15000, 16000, "tanpa gula"),
        (25000, 25000, ""),
    ]
    assert [(p.tender, p.label, p.amount, p.change) for p in first.payments] == [
        ("ewallet", "GoPay", 40000, 0)
    ]
    assert first.status is OrderStatus.CLOSED


async def test_the_business_date_is_the_outlets_own_and_numbers_follow_the_time(box, sales):
    await replay(sales(HEADER, *reversed(MORNING[1:])), box.url)

    days = [(o.business_date, o.hour, o.number) for o in await box.orders()]
    assert sorted(days) == [
        ("2025-03-01", 8, "A001"),
        ("2025-03-01", 23, "A002"),
        ("2025-03-02", 0, "A001"),
    ]


async def test_what_cost_nothing_is_closed_without_a_payment(box, sales):
    await replay(sales(*MORNING), box.url)

    free = next(order for order in await box.orders() if order.totals.total == 0)
    assert (free.status, free.payments) == (OrderStatus.CLOSED, ())


async def test_replaying_again_changes_nothing(box, sales):
    await replay(sales(*MORNING), box.url)
    before, position = await box.orders(), box.position

    again = await replay(sales(*MORNING), box.url)

    assert (again.accepted, again.repeated) == (0, 3)
    assert again.amount == 94000
    assert (await box.orders(), box.position) == (before, position)


async def test_the_same_sales_in_another_file_are_the_same_sales(box, sales):
    await replay(sales(*MORNING), box.url)

    outcome = await replay(sales(HEADER, *MORNING[3:], *MORNING[1:3], name="other.csv"), box.url)

    assert (outcome.accepted, outcome.repeated) == (0, 3)


async def test_a_name_keeps_sets_of_sales_apart(box, sales):
    await replay(sales(*MORNING), box.url)

    outcome = await replay(sales(*MORNING), box.url, name="second till")

    assert outcome.accepted == 3
    assert len(await box.orders()) == 6


async def test_a_changed_amount_does_not_overwrite_what_was_imported(box, sales):
    await replay(sales(*MORNING), box.url)
    changed = [line.replace(",15000,", ",99000,") for line in MORNING]

    outcome = await replay(sales(*changed), box.url)

    assert [(r.order, r.row, r.code) for r in outcome.refused] == [("7", 2, "command_reused")]
    assert "--name" in outcome.refused[0].sentence
    assert sum(order.totals.total for order in await box.orders()) == 94000


async def test_prices_that_changed_since_leave_old_payments_alone(box, sales, warung_csv, rupiah):
    await replay(sales(*MORNING), box.url)
    warung_csv.write_text(warung_csv.read_text().replace("25000", "30000"))
    await box.use_menu(read_menu(warung_csv, rupiah), version=2)

    outcome = await replay(sales(*MORNING), box.url)

    assert (outcome.repeated, outcome.refused) == (3, [])
    assert sum(order.paid for order in await box.orders()) == 94000


@pytest.mark.parametrize("mishap", ["cut before", "cut after", 503])
async def test_a_lost_answer_loses_and_doubles_nothing(box, sales, mishap):
    box.mishaps = ["", "", mishap, "", mishap]

    outcome = await replay(sales(*many(120)), box.url, patience_s=5)

    assert outcome.accepted + outcome.repeated == 120
    orders = await box.orders()
    assert len(orders) == 120
    assert all(order.status is OrderStatus.CLOSED and order.due == 0 for order in orders)


async def test_a_box_that_restarts_meanwhile_misses_nothing(box, sales):
    started = asyncio.Event()
    replaying = asyncio.create_task(
        replay(sales(*many(200)), box.url, on_progress=lambda *_: started.set())
    )
    await started.wait()
    await box.shut()
    await box.open()

    outcome = await replaying

    assert outcome.accepted + outcome.repeated == 200
    assert len(await box.orders()) == 200


async def test_a_box_that_stays_away_is_given_up_in_words(box, sales):
    await box.shut()
    try:
        with pytest.raises(BoxFault, match="run the replay again"):
            await replay(sales(*MORNING), box.url, patience_s=0.3)
    finally:
        await box.open()


async def test_a_box_without_a_menu_says_what_to_do(bare_box, sales):
    with pytest.raises(BoxFault, match="import-menu"):
        await replay(sales(*MORNING), bare_box.url, patience_s=0.3)


async def test_a_menu_on_its_way_is_waited_for(bare_box, sales, warung):
    replaying = asyncio.create_task(replay(sales(*MORNING), bare_box.url, patience_s=5))
    await asyncio.sleep(0.1)
    await bare_box.use_menu(warung)

    assert (await replaying).accepted == 3


async def test_a_batch_too_large_for_the_box_goes_in_parts(box, sales):
    box.body_max = 20_000

    assert (await replay(sales(*many(60)), box.url)).accepted == 60


async def test_several_requests_at_once_bring_the_same_orders(box, sales):
    outcome = await replay(sales(*many(300)), box.url, in_flight=4)

    assert outcome.accepted == 300
    assert len(await box.orders()) == 300


async def test_an_order_longer_than_a_command_comes_whole(box, sales):
    rows = [f"1,2025-03-01 08:00:00,101,1,{n},,,,,," for n in range(450)]

    outcome = await replay(sales(HEADER, *rows), box.url)

    assert (outcome.accepted, outcome.lines) == (1, 450)
    (order,) = await box.orders()
    assert (len(order.lines), order.totals.total, order.due) == (450, sum(range(450)), 0)


async def test_more_commands_than_a_request_may_carry_go_in_several(box):
    envelopes = [
        Envelope(command_id=str(n), command=HoldOrder(order_id=str(n))) for n in range(1_100)
    ]

    async with Box.at(box.url, patience_s=1) as there:
        answers = await there.command(envelopes)

    assert [answer.params["order_id"] for answer in answers] == [str(n) for n in range(1_100)]
    assert box.requests > 2


async def test_a_pace_is_kept(box, sales):
    loop = asyncio.get_running_loop()
    began, times = loop.time(), []
    rows = [f"{n},2025-03-01 08:0{n}:00,101,1,,,,,,," for n in range(4)]

    await replay(
        sales(HEADER, *rows), box.url, speed=600, on_progress=lambda *_: times.append(loop.time())
    )

    assert len(times) == 4
    assert 0.3 <= times[-1] - began < 3  # three minutes at 600 minutes a minute


async def test_progress_reaches_the_end(box, sales):
    seen = []

    await replay(sales(*many(120)), box.url, on_progress=lambda *now: seen.append(now))

    assert seen == [(50, 120), (100, 120), (120, 120)]


BROKEN = (
    HEADER,
    "1,2025-03-01 08:00:00,101,1,,,,,,,",
    "1,2025-03-01 08:00:00,999,1,1.5,,,,,,",
    "2,2025-03-01 08:01:00,101,1,,,,,,,",
    "3,2025-03-01 08:02:00,101,none,,,,,,,",
)


async def test_a_file_with_broken_rows_imports_nothing(box, sales):
    with pytest.raises(BrokenFile, match="--skip-broken") as caught:
        await replay(sales(*BROKEN), box.url)

    assert [(f.row, f.order) for f in caught.value.faults] == [(3, "1"), (3, "1"), (5, "3")]
    assert {"'1.5'", "'999'"} <= set(" ".join(map(str, caught.value.faults)).split())
    assert await box.orders() == []


async def test_when_asked_the_whole_orders_are_imported_and_the_others_named(box, sales):
    outcome = await replay(sales(*BROKEN), box.url, skip_broken=True)

    assert outcome.accepted == 1
    assert sorted(outcome.left_out) == ["1", "3"]
    assert len(outcome.faults) == 3
    assert not outcome.clean
    assert [len(order.lines) for order in await box.orders()] == [1]


async def test_once_corrected_only_the_rest_is_taken(box, sales):
    await replay(sales(*BROKEN), box.url, skip_broken=True)
    corrected = [line.replace("999,1,1.5", "202,1,").replace("none", "2") for line in BROKEN]

    outcome = await replay(sales(*corrected), box.url)

    assert (outcome.accepted, outcome.repeated, outcome.clean) == (2, 1, True)


async def test_a_sale_from_the_future_is_refused_and_the_rest_taken(box, sales):
    outcome = await replay(sales(*MORNING, "10,2999-01-01 00:00:00,101,1,,,,,,,"), box.url)

    assert outcome.accepted == 3
    assert [(r.order, r.code) for r in outcome.refused] == [("10", "in_the_future")]


async def test_the_rows_of_one_outlet_are_chosen(box, sales):
    file = sales(
        "order,outlet,time,plu,quantity",
        "1,North,2025-03-01 08:00:00,101,1",
        "1,South,2025-03-01 08:00:00,101,9",
        "x,South,rubbish,101,9",
    )

    with pytest.raises(SalesFault, match="North, South"):
        await replay(file, box.url)
    outcome = await replay(file, box.url, outlet="North")

    assert (outcome.accepted, outcome.units, outcome.faults) == (1, 1, [])
