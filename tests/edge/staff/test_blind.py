"""Whoever counts a drawer does not see beforehand what should be in it."""

from protocol import till_commands as t


async def test_a_cashier_sees_no_figures_of_an_open_till_and_a_manager_does(outlet, guest):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    shift_id = guest.new_id()
    await outlet.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=70_000), budi)

    async def read(token, path):
        async with outlet.screen(token) as screen:
            return await screen.get(path)

    x = f"/api/shifts/{shift_id}/x"
    assert (await read(budi, x)).json()["code"] == "counts_blind"
    assert (await read("", x)).json()["code"] == "sign_in_first"
    assert (await read(sari, x)).json()["expected"] == 70_000
    order = await outlet.ask(guest.place(), budi)
    assert order["status"] in (200, 201)
    closed = await outlet.ask(t.CloseShift(shift_id=shift_id, counted=70_000), budi)
    assert closed["status"] in (200, 201), closed
    assert (await read(budi, x)).json()["expected"] == 70_000, "afterwards it is told"
    for token, figures in ((budi, 0), (sari, 1)):
        standing = (await read(token, "/api/days/standing")).json()
        assert (len(standing["figures"]), len(standing["outstanding"])) == (figures, 1)


async def test_nor_what_moved_in_it_nor_what_was_sold(outlet, guest):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    shift_id = guest.new_id()
    await outlet.ask(t.OpenShift(shift_id=shift_id, till_id="depan", opening=70_000), budi)
    paid_in = t.MoveCash(shift_id=shift_id, move_id=guest.new_id(), kind="paid_in", amount=5_000)
    await outlet.ask(paid_in, budi)

    async def read(token, path):
        async with outlet.screen(token) as screen:
            return (await screen.get(path)).json()

    async def moved(token):
        (till,) = (await read(token, "/api/tills"))["tills"]
        (shift,) = await read(token, "/api/shifts")
        return till["shift"]["opening"], till["shift"]["paid_in"], shift["paid_in"]

    assert await moved(sari) == (70_000, 5_000, 5_000)
    assert await moved(budi) == (70_000, 0, 0)
    sales = "/api/reports/sales"
    assert (await read(budi, sales))["code"] == "counts_blind"
    assert (await read("", sales))["code"] == "sign_in_first"
    assert "by_tender" in await read(sari, sales)
    closed = await outlet.ask(t.CloseShift(shift_id=shift_id, counted=75_000), budi)
    assert closed["type"] == "accepted", closed
    assert await moved_after(read, budi) == 5_000
    assert "by_tender" in await read(budi, sales), "with no till to be counted it is told"


async def moved_after(read, token):
    (shift,) = await read(token, "/api/shifts")
    return shift["paid_in"]


async def test_an_x_report_on_paper_is_for_who_does_not_count_blind(outlet, guest):
    budi, sari = await outlet.token("budi"), await outlet.token("sari")
    await outlet.ask(t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=1), budi)

    async def ask(token):
        async with outlet.screen(token) as screen:
            headers = {"idempotency-key": guest.new_id()}
            path, body = "/api/printers/kasir/x-report", {"screen": "counter-1"}
            return (await screen.post(path, json=body, headers=headers)).json()["code"]

    assert await ask(budi) == "counts_blind"
    assert await ask(sari) == "unknown_printer"
