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
    assert (await read(budi, x)).json()["code"] == "not_allowed"
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
