"""Tenants and their outlets: what HQ is told by an operator, and what it knows of each box."""

from hashlib import blake2b
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from cloud.database import BadData, Database, Row, Transaction
from cloud.platform import Platform
from protocol.ids import OutletId, TenantId, is_uuid
from protocol.money import CURRENCIES

FEED_CHANNEL = "kedai_feed"
CODE_LIVES_MS = 24 * 3_600_000
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 16
"""80 random bits in letters that cannot be mistaken for one another."""

PROJECTIONS = ("sales", "products", "stock", "clocks", "pins", "days")
"""A new outlet gets a cursor for each."""


class Impossible(Exception):
    """What the operator asked for cannot be; the sentence says why and what to do."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """A business whose outlets HQ serves."""

    tenant_id: TenantId
    name: str
    currency: str
    zone: str


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """One outlet with what is known of its box. Times in Unix milliseconds."""

    outlet_id: OutletId
    name: str
    currency: str
    zone: str
    rollover_hour: int
    head: int
    """Last position of its ledger at HQ."""
    projected: int
    """How far the sales figures have read it."""
    parked: int
    last_heard_ms: int | None
    unsent: int | None
    """Entries that were still on the box when it last spoke."""
    menu_version: int | None
    product: str | None
    clock_offset_ms: int | None
    enrolled: bool
    price_version: int | None = None


async def add_tenant(
    database: Database, platform: Platform, *, name: str, currency: str, zone: str
) -> Tenant:
    """A new tenant with an empty feed. Raises Impossible for a name in use, or a bad setting."""
    if currency not in CURRENCIES:
        raise Impossible(f"Currency {currency!r} is not one of {', '.join(CURRENCIES)}.")
    _ensure_zone(zone)
    tenant = Tenant(
        tenant_id=TenantId(platform.uuid()), name=_name(name), currency=currency, zone=zone
    )
    now_ms = platform.wall_ms()
    try:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(
                "INSERT INTO tenants VALUES ($1, $2, $3, $4, $5)",
                *(tenant.tenant_id, tenant.name, tenant.currency, tenant.zone, now_ms),
            )
            await tx.execute(
                "INSERT INTO feed_heads (tenant_id, incarnation) VALUES ($1, $2)",
                *(tenant.tenant_id, platform.uuid()),
            )
    except BadData:
        raise Impossible(f"There is a tenant {tenant.name!r} already.") from None
    return tenant


async def list_tenants(database: Database) -> list[Tenant]:
    """Every tenant, in the order they came."""
    return [
        Tenant(
            tenant_id=TenantId(str(r["tenant_id"])),
            name=r["name"],
            currency=r["currency"],
            zone=r["zone"],
        )
        for r in await database.lookup("list_tenants")
    ]


async def get_tenant(database: Database, wanted: str) -> Tenant:
    """The tenant with this id or name; the only one there is when `wanted` is empty.

    Raises Impossible when there is none, or when the choice is not clear.
    """
    tenants = await list_tenants(database)
    found = [t for t in tenants if not wanted or wanted in (t.tenant_id, t.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(t.name) for t in tenants) or "none yet; add one first"
    raise Impossible(f"Name the tenant with --tenant. There is: {names}.")


async def add_outlet(  # one parameter for each thing the operator decides
    database: Database,
    platform: Platform,
    tenant: Tenant,
    *,
    name: str,
    zone: str | None = None,
    rollover_hour: int = 0,
    outlet_id: str = "",
) -> OutletId:
    """A new outlet without a box. Raises Impossible for a name in use, or a bad setting.

    `outlet_id` brings back one that HQ lost, so that its box, which has the data, fits to it.
    """
    if outlet_id and not is_uuid(outlet_id):
        raise Impossible(f"{outlet_id!r} is not the id of an outlet; its box knows it.")
    _ensure_zone(zone or tenant.zone)
    if not 0 <= rollover_hour <= 23:
        raise Impossible("The rollover hour is 0 to 23: the hour at which a business date begins.")
    made = OutletId(outlet_id or platform.uuid())
    try:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(
                """INSERT INTO outlets
                   (tenant_id, outlet_id, name, currency, zone, rollover_hour, created_ms)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                *(tenant.tenant_id, made, _name(name), tenant.currency),
                *(zone or tenant.zone, rollover_hour, platform.wall_ms()),
            )
            for projection in PROJECTIONS:
                await tx.execute(
                    "INSERT INTO cursors VALUES ($1, $2, $3)",
                    *(tenant.tenant_id, made, projection),
                )
    except BadData:
        same = f" or with the id {outlet_id}" if outlet_id else ""
        raise Impossible(f"There is an outlet {name.strip()!r}{same} already.") from None
    return made


async def make_code(
    database: Database, platform: Platform, tenant_id: str, outlet_id: str
) -> tuple[str, int]:
    """A one-time code with which a box joins this outlet, and when it expires (Unix ms).

    Only its hash is kept, so it can be shown this once.
    """
    code = "".join(CODE_LETTERS[b % 32] for b in platform.entropy(CODE_LENGTH))
    expires_ms = platform.wall_ms() + CODE_LIVES_MS
    async with database.transaction(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO enrolment_codes VALUES ($1, $2, $3, $4)",
            *(tenant_id, code_hash(code), outlet_id, expires_ms),
        )
    return "-".join(code[i : i + 4] for i in range(0, CODE_LENGTH, 4)), expires_ms


def code_hash(code: str) -> bytes:
    """What is kept of an enrolment code; typed with other dashes or in lower case, it is equal."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return blake2b(plain.encode(), digest_size=32, person=b"kedai enrol").digest()


async def raise_term(tx: Transaction, tenant_id: str, outlet_id: str, node_id: str) -> int:
    """Make this node the outlet's primary, whichever of its lives speaks first; returns the term."""
    term: int = await tx.fetchval(
        """UPDATE outlets SET term = term + 1, primary_line = NULL
           WHERE tenant_id = $1 AND outlet_id = $2 RETURNING term""",
        *(tenant_id, outlet_id),
    )
    await tx.execute(
        "UPDATE nodes SET term = $3 WHERE tenant_id = $1 AND node_id = $2",
        *(tenant_id, node_id, term),
    )
    await tell_boxes(tx, tenant_id, outlet_id)
    return term


async def tell_boxes(tx: Transaction, tenant_id: str, outlet_id: str | None = None) -> None:
    """Wake the boxes of a tenant, or of one outlet, that wait for news; told with the commit."""
    told = tenant_id if outlet_id is None else f"{tenant_id}/{outlet_id}"
    await tx.execute("SELECT pg_notify($1, to_json($2::text)::text)", FEED_CHANNEL, told)


async def list_outlets(database: Database, tenant_id: str) -> list[Outlet]:
    """Every outlet of the tenant with how far it is."""
    async with database.transaction(tenant_id) as tx:
        return await find_outlets(tx, tenant_id)


async def find_outlets(tx: Transaction, tenant_id: str) -> list[Outlet]:
    """The same inside a transaction."""
    rows = await tx.fetch(
        """SELECT o.*, coalesce(c.position, 0) AS projected,
                  (SELECT count(*) FROM parked p WHERE p.tenant_id = o.tenant_id
                   AND p.outlet_id = o.outlet_id) AS parked,
                  EXISTS (SELECT 1 FROM nodes n WHERE n.tenant_id = o.tenant_id
                          AND n.outlet_id = o.outlet_id AND n.retired_ms IS NULL) AS enrolled
           FROM outlets o
           LEFT JOIN cursors c ON c.tenant_id = o.tenant_id AND c.outlet_id = o.outlet_id
                AND c.projection = 'sales'
           WHERE o.tenant_id = $1 ORDER BY o.name""",
        tenant_id,
    )
    return [_outlet(r) for r in rows]


async def get_outlet(database: Database, tenant_id: str, wanted: str) -> Outlet:
    """The outlet with this id or name. Raises Impossible when the tenant has no such outlet."""
    for outlet in await list_outlets(database, tenant_id):
        if wanted in (outlet.outlet_id, outlet.name):
            return outlet
    raise Impossible(f"This tenant has no outlet {wanted!r}; `kedai cloud outlet list` shows them.")


def _outlet(row: Row) -> Outlet:
    return Outlet(
        outlet_id=OutletId(str(row["outlet_id"])),
        **{name: row[name] for name in Outlet.__struct_fields__ if name != "outlet_id"},
    )


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > 100 or not name.isprintable() or is_uuid(name):
        raise Impossible("A name has 1 to 100 printable characters and is not itself an id.")
    return name


def _ensure_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Impossible(f"{zone!r} is not a time zone; write for example Asia/Jakarta.") from None
