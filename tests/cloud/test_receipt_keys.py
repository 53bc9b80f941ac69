"""What printed codes are made with: kept at HQ for the box that replaces the one that printed them."""

import pytest

from cloud.receipt_keys import KEYS_MAX

pytestmark = pytest.mark.postgres


def key(number):
    return bytes([number]) * 32


async def test_the_box_that_replaces_another_is_told_its_key(world, tenant):
    old = await world.box(tenant)
    assert (await old.hello(receipt_key=key(1))).receipt_keys == (key(1),)
    assert (await old.hello(receipt_key=key(1))).receipt_keys == (key(1),)
    new = world.new_box(stream="cd" * 16)
    code, _ = await world.more_code(tenant, old.enrolled.outlet_id)
    await new.enrol(code)
    assert set((await new.hello(receipt_key=key(2))).receipt_keys) == {key(1), key(2)}


async def test_other_outlets_and_tenants_are_not_told(world, tenant):
    box = await world.box(tenant)
    await box.hello(receipt_key=key(1))
    beside = await world.box(tenant, "Cabang", stream="cd" * 16)
    stranger = await world.box(await world.tenant("Lain"), stream="ef" * 16)
    assert (await beside.hello()).receipt_keys == ()
    assert (await stranger.hello()).receipt_keys == ()


@pytest.mark.parametrize("odd", [b"", b"short", bytes(33), bytes(10_000)])
async def test_what_is_no_key_is_not_kept(box, odd):
    assert (await box.hello(receipt_key=odd)).receipt_keys == ()


async def test_a_box_that_makes_keys_up_fills_nothing(world, box):
    for number in range(KEYS_MAX + 3):
        world.clock.now_ms += 1
        told = (await box.hello(receipt_key=key(number + 1))).receipt_keys
    assert len(told) == KEYS_MAX
    assert key(1) not in told
