"""A report is of one moment: what arrives while it is read is in all of its figures or in none."""

import pytest

pytestmark = pytest.mark.postgres

BY_HOUR = "SELECT coalesce(sum(sales), 0)::bigint FROM hourly_sales WHERE tenant_id = $1"
BY_LINE = "SELECT coalesce(sum(amount), 0)::bigint FROM order_lines WHERE tenant_id = $1 AND counts"


async def test_a_report_is_of_one_moment_though_sales_arrive_while_it_is_read(
    world, tenant, box, till
):
    await box.send(*till.entries(till.placed(10_000)))
    await world.project()
    async with world.hq.database.reading(tenant.tenant_id) as tx:
        hours = await tx.fetchval(BY_HOUR, tenant.tenant_id)
        await box.send(*till.entries(till.placed(7_000)))
        await world.project()
        assert await tx.fetchval(BY_LINE, tenant.tenant_id) == hours == 10_000
    async with world.hq.database.reading(tenant.tenant_id) as tx:
        assert await tx.fetchval(BY_HOUR, tenant.tenant_id) == 17_000
        assert await tx.fetchval(BY_LINE, tenant.tenant_id) == 17_000
