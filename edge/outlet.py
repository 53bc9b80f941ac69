"""Which outlet this box serves, in what money and time; known from enrolment or configuration."""

import re
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from edge.config import Config, ConfigError
from protocol.clock import Confidence, Reading
from protocol.money import CURRENCIES
from protocol.replication import Enrolled
from protocol.rules import Moment
from protocol.trading_day import business_date, local_time


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """The outlet's identity and settings, as every part of the box needs them."""

    outlet_id: str
    tenant_id: str
    node_id: str
    name: str
    currency: str
    zone: str
    rollover_hour: int
    language: str
    tenders: tuple[str, ...]
    receipt_header: tuple[str, ...] = ()
    receipt_footer: tuple[str, ...] = ()

    def moment(self, reading: Reading, happened_ms: int | None = None) -> Moment:
        """The moment of a command in the outlet's terms; an import brings its own time."""
        at_ms = reading.wall_ms if happened_ms is None else happened_ms
        zone = zone_of(self.zone)
        confidence = reading.confidence if happened_ms is None else Confidence.RECORDED
        local = local_time(at_ms, zone)
        sure = confidence is not Confidence.UNCERTAIN
        return Moment(
            at_ms=at_ms,
            business_date=business_date(at_ms, zone, self.rollover_hour).isoformat(),
            hour=local.hour,
            confidence=confidence,
            now_ms=reading.wall_ms,
            local=local.replace(tzinfo=None).isoformat(timespec="minutes") if sure else "",
        )


def outlet_of(config: Config, enrolled: Enrolled | None) -> Outlet:
    """What enrolment says, else what the configuration says. Raises ConfigError when it is wrong."""
    if config.currency not in CURRENCIES:
        known = ", ".join(CURRENCIES)
        raise ConfigError(f"currency {config.currency!r} is not known; known are {known}")
    outlet = Outlet(
        outlet_id=enrolled.outlet_id if enrolled else "alone",
        tenant_id=enrolled.tenant_id if enrolled else "",
        node_id=enrolled.node_id if enrolled else "alone",
        name=enrolled.outlet_name if enrolled else config.outlet_name or "Kedai",
        currency=enrolled.currency if enrolled else config.currency,
        zone=enrolled.zone if enrolled else config.zone,
        rollover_hour=enrolled.rollover_hour if enrolled else config.rollover_hour,
        language=config.language,
        tenders=config.tenders,
        receipt_header=config.receipt_header,
        receipt_footer=config.receipt_footer,
    )
    zone_of(outlet.zone)
    return outlet


def zone_of(name: str) -> tzinfo:
    """The time zone of this IANA name (kept by the library after the first use)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ConfigError(f"time zone {name!r} is not known on this machine") from fault


def slug(name: str) -> str:
    """An outlet's name as a host name: `Kedai Dago` is `kedai-dago.local`."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:50].strip("-") or "kedai"
