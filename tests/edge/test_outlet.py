"""The outlet: who it is, and what a moment is in its money and time."""

import pytest

from edge.config import Config, ConfigError
from edge.outlet import outlet_of
from protocol.clock import Confidence, Reading
from protocol.replication import Enrolled

EVENING_MS = 1_795_349_640_000
"""22 November 2026, 19:14 in Jakarta."""
HOUR_MS = 3_600_000

ENROLLED = Enrolled(
    node_id="node", outlet_id="outlet", tenant_id="tenant", outlet_name="Kedai Braga",
    currency="SGD", zone="Asia/Singapore", rollover_hour=3,
)  # fmt: skip


def reading(wall_ms):
    return Reading(wall_ms, 1, "boot", Confidence.FREE)


def test_enrolment_wins_over_configuration():
    config = Config(outlet_name="Kedai Dago", language="en", tenders=("cash",))
    alone, enrolled = outlet_of(config, None), outlet_of(config, ENROLLED)
    assert (alone.outlet_id, alone.name, alone.zone) == ("alone", "Kedai Dago", "Asia/Jakarta")
    assert (enrolled.outlet_id, enrolled.name, enrolled.zone) == (
        "outlet", "Kedai Braga", "Asia/Singapore",
    )  # fmt: skip
    assert (enrolled.language, enrolled.tenders) == ("en", ("cash",))


@pytest.mark.parametrize(
    "change", [{"currency": "XXX"}, {"zone": "Asia/Atlantis"}, {"zone": "../etc/passwd"}]
)
def test_money_or_time_nobody_knows_is_refused(change):
    with pytest.raises(ConfigError, match="not known"):
        outlet_of(Config(**change), None)


@pytest.mark.parametrize(
    ("hours", "rollover", "date", "hour"),
    [
        (0, 0, "2026-11-22", 19),
        (4, 0, "2026-11-22", 23),
        (5, 0, "2026-11-23", 0),
        (5, 4, "2026-11-22", 0),
        (8, 4, "2026-11-22", 3),
        (9, 4, "2026-11-23", 4),
    ],
)
def test_the_business_date_may_pass_midnight(hours, rollover, date, hour):
    outlet = outlet_of(Config(rollover_hour=rollover), None)
    moment = outlet.moment(reading(EVENING_MS + hours * HOUR_MS))
    assert (moment.business_date, moment.hour) == (date, hour)


def test_an_import_is_dated_by_its_own_time_and_says_so():
    moment = outlet_of(Config(), None).moment(reading(EVENING_MS), EVENING_MS - 365 * 24 * HOUR_MS)
    assert (moment.business_date, moment.confidence) == ("2025-11-22", Confidence.RECORDED)
    assert moment.now_ms == EVENING_MS
