"""The outlet's own figures over HTTP."""

import pytest


async def test_without_dates_it_is_today(client, placed):
    await placed("nasi-kecil")
    await placed("nasi-besar")
    report = (await client.get("/api/reports/sales")).json()
    assert (report["first"], report["last"]) == ("2026-11-22", "2026-11-22")
    assert (report["totals"]["orders"], report["totals"]["amount_minor"]) == (2, 57_000)


async def test_a_range_counts_only_its_days(client, post, body, placed):
    await placed()
    sale = body(source="import", happened_ms=1_436_700_000_000)
    assert (await post("/api/orders", sale)).status_code == 200
    old = (await client.get("/api/reports/sales?from=2015-01-01&to=2015-12-31")).json()
    assert [d["key"] for d in old["by_day"]] == ["2015-07-12"]
    assert old["totals"]["orders"] == 1
    both = (await client.get("/api/reports/sales?from=2015-01-01")).json()
    assert both["totals"]["orders"] == 2


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-13-01", "from=22/11/2026", "from=0"])
async def test_a_date_that_is_none_is_refused(client, ensure_problem, query):
    ensure_problem(await client.get(f"/api/reports/sales?{query}"), "bad_request", 400)
