"""Enrolment and signatures: whose box it is, proven by every request."""

import msgspec
import pytest

from cloud import outlets
from protocol.replication import Enrolled, Enrolment, Trouble

pytestmark = pytest.mark.postgres

DAY_MS = 24 * 3_600_000


async def test_a_code_makes_a_box_the_outlets_own(world, tenant):
    box = world.new_box()
    enrolled = await box.enrol((await world.code(tenant, "Kemang")).lower().replace("-", " "))
    assert enrolled.tenant_id == tenant.tenant_id
    assert (enrolled.outlet_name, enrolled.currency, enrolled.zone) == (
        "Kemang",
        "IDR",
        "Asia/Jakarta",
    )
    assert (await box.hello()).role == "primary"


async def test_a_code_is_good_for_one_box_and_a_lost_answer_is_given_again(world, tenant):
    code = await world.code(tenant)
    box, other = world.new_box(), world.new_box()
    first = await box.enrol(code)
    box.enrolled = None
    assert await box.enrol(code) == first
    with pytest.raises(world.refused) as no:
        await other.enrol(code)
    assert (no.value.status, no.value.code) == (403, "bad_code")


async def test_a_code_expires_and_a_wrong_one_opens_nothing(world, tenant):
    code = await world.code(tenant)
    world.clock.now_ms += DAY_MS + 1
    for tried in (code, "ABCD-EFGH-JKLM-NPQR", ""):
        with pytest.raises(world.refused) as no:
            await world.new_box().enrol(tried)
        assert no.value.code == "bad_code"


async def test_only_a_real_key_is_enrolled(world, tenant):
    asked = Enrolment(code=await world.code(tenant), public_key=b"short", protocol=1, product="x")
    with pytest.raises(world.refused) as no:
        await world.new_box().post("/sync/v1/enrol", asked, object)
    assert no.value.code == "bad_key"


async def asked(box, **headers):
    response = await box.request("GET", "/sync/v1/feed?pos=0", b"", **headers)
    if response.status_code == 200:
        return 200, ""
    return response.status_code, msgspec.msgpack.decode(response.content, type=Trouble).code


async def test_every_request_is_signed_over_all_of_it(world, box):
    signature = box.key.sign(b"GET\n/sync/v1/feed?pos=1\n").hex()
    assert await asked(box) == (200, "")
    assert await asked(box, **{"kedai-signature": signature}) == (401, "bad_signature")
    assert await asked(box, **{"kedai-signature": "no hex"}) == (401, "bad_signature")
    assert await asked(box, **{"kedai-node": "0" * 32}) == (401, "unknown_node")
    assert await asked(box, **{"kedai-node": ""}) == (401, "unknown_node")
    body = await box.request("POST", "/sync/v1/hello", b"x")
    changed = await world.client.post("/sync/v1/hello", content=b"y", headers=body.request.headers)
    assert changed.status_code == 401


async def test_one_box_cannot_speak_as_another(world, tenant, box):
    other = await world.box(tenant, "Cabang")
    assert await asked(box, **{"kedai-node": other.enrolled.node_id}) == (401, "bad_signature")


async def test_a_retired_box_is_not_known_any_more(world, tenant, box):
    assert await asked(box) == (200, "")
    await world.rows(tenant, "UPDATE nodes SET retired_ms = 1")
    world.hq.nodes._known.clear()
    assert await asked(box) == (401, "unknown_node")


async def test_names_and_settings_that_cannot_be_are_said_no_to(world, tenant):
    wrong = [
        {"name": "Warung", "currency": "IDR", "zone": "Asia/Jakarta"},
        {"name": " ", "currency": "IDR", "zone": "Asia/Jakarta"},
        {"name": "Toko", "currency": "XYZ", "zone": "Asia/Jakarta"},
        {"name": "Toko", "currency": "IDR", "zone": "Mars/Base"},
        {"name": tenant.tenant_id, "currency": "IDR", "zone": "Asia/Jakarta"},
    ]
    for settings in wrong:
        with pytest.raises(outlets.Impossible):
            await outlets.add_tenant(world.hq.database, world.clock, **settings)


async def test_a_box_that_holds_an_outlets_data_is_not_given_to_another(world, tenant, box):
    code = await world.code(tenant, "Cabang")
    wish = Enrolment(
        code=code,
        public_key=box.key.public_key().public_bytes_raw(),
        protocol=1,
        product="x",
        outlet_id=box.enrolled.outlet_id,
    )
    await world.rows(tenant, "UPDATE nodes SET retired_ms = 1")
    with pytest.raises(world.refused) as no:
        await box.post("/sync/v1/enrol", wish, Enrolled)
    assert no.value.code == "other_outlet"
    more, _ = await world.more_code(tenant, box.enrolled.outlet_id)
    again = msgspec.structs.replace(wish, code=more)
    assert (await box.post("/sync/v1/enrol", again, Enrolled)).term == 2
    await world.rows(tenant, "UPDATE nodes SET retired_ms = 1")
    await box.post("/sync/v1/enrol", again, Enrolled)
    world.hq.nodes._known.clear()
    assert await asked(box) == (401, "unknown_node"), "a used code wakes nobody"
    more, _ = await world.more_code(tenant, box.enrolled.outlet_id)
    newer = msgspec.structs.replace(again, code=more)
    assert (await box.post("/sync/v1/enrol", newer, Enrolled)).term == 3
    assert (await box.hello(instance="a1", stamp=1)).role == "primary", "a retired box is back"
    assert (await world.new_box().enrol(code)).outlet_name == "Cabang", "the code was not used"
