"""People of a tenant: who works at which outlets, in what role, with what PIN; boxes hear it by feed."""

from collections.abc import Iterable

import msgspec

from cloud.database import Database, Row, Transaction
from cloud.distribution import Publication, lock_feed, publish
from cloud.outlets import find_outlets
from cloud.pins import SALT_BYTES, hash_pin
from cloud.platform import Platform
from protocol.ids import is_uuid
from protocol.sign_in import PEPPER_BYTES, fits_as_pin
from protocol.staff import May, Person, Role

STAFF = "staff"
"""Kind of the feed's rows: one per person, for everybody or for the outlets they work at."""
PEOPLE_MAX = 5_000
NAME_CHARS_MAX = 60
LANGUAGE_CHARS_MAX = 12


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as HQ's staff see them: never a PIN, nor what is kept of one."""

    staff_id: str
    name: str
    role: Role
    outlets: tuple[str, ...]
    """Where they work; empty: at every outlet."""
    language: str
    also: tuple[May, ...]
    active: bool
    has_pin: bool
    created_ms: int


class PersonWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be so of a person; what is left out stays."""

    name: str | None = None
    role: Role | None = None
    outlets: tuple[str, ...] | None = None
    language: str | None = None
    also: tuple[May, ...] | None = None
    active: bool | None = None


class UnknownPerson(Exception):
    """The tenant has nobody of this id."""


class UnfitPerson(Exception):
    """This cannot be; `faults` says why, a sentence each, and nothing was changed."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class People:
    """The people of all tenants."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform

    async def list(self, tenant_id: str) -> list[PersonView]:
        """Everybody, who left last."""
        async with self._database.reading(tenant_id) as tx:
            rows = await tx.fetch(
                "SELECT * FROM people WHERE tenant_id = $1 ORDER BY NOT active, lower(name)",
                tenant_id,
            )
        return [_view(row) for row in rows]

    async def add(self, tenant_id: str, wish: PersonWish, pin: str = "") -> PersonView:
        """Somebody begins to work; without a PIN they cannot sign in yet. Raises UnfitPerson."""
        staff_id = self._platform.uuid()
        async with self._database.transaction(tenant_id) as tx:
            # The feed's lock first, as whoever publishes takes it: two at once never wait in a ring.
            await lock_feed(tx, tenant_id)
            count = await tx.fetchval("SELECT count(*) FROM people WHERE tenant_id = $1", tenant_id)
            if count >= PEOPLE_MAX:
                raise UnfitPerson(f"there are {PEOPLE_MAX} people already")
            if wish.name is None or wish.role is None:
                raise UnfitPerson("somebody new needs a name and a role")
            await _ensure_fits(tx, tenant_id, wish)
            now_ms = self._platform.wall_ms()
            await tx.execute(
                """INSERT INTO people (tenant_id, staff_id, name, role, outlets, language, also,
                       created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                *(tenant_id, staff_id, wish.name.strip(), wish.role.value),
                *(list(wish.outlets or ()), wish.language or "", list(wish.also or ()), now_ms),
            )
            if pin:
                await self._set_pin(tx, tenant_id, staff_id, pin)
            row = await _get(tx, tenant_id, staff_id)
            await self._tell(tx, row, None)
        return _view(row)

    async def change(self, tenant_id: str, staff_id: str, wish: PersonWish) -> PersonView:
        """Somebody is promoted, moves to another outlet, leaves or comes back.

        Raises UnknownPerson and UnfitPerson.
        """
        async with self._database.transaction(tenant_id) as tx:
            await lock_feed(tx, tenant_id)
            before = await _get(tx, tenant_id, staff_id)
            await _ensure_fits(tx, tenant_id, wish)
            row = await tx.fetchrow(
                """UPDATE people SET name = coalesce($3, name), role = coalesce($4, role),
                       outlets = coalesce($5::uuid[], outlets), language = coalesce($6, language),
                       also = coalesce($7::text[], also), active = coalesce($8, active),
                       version = version + 1
                   WHERE tenant_id = $1 AND staff_id = $2 RETURNING *""",
                *(tenant_id, staff_id, None if wish.name is None else wish.name.strip()),
                *(wish.role and wish.role.value, None if wish.outlets is None else [*wish.outlets]),
                *(wish.language, None if wish.also is None else [*wish.also], wish.active),
            )
            assert row is not None
            await self._tell(tx, row, before)
        return _view(row)

    async def set_pin(self, tenant_id: str, staff_id: str, pin: str) -> PersonView:
        """Give somebody another PIN; every box has it with its next news. Raises as `change` does."""
        async with self._database.transaction(tenant_id) as tx:
            await lock_feed(tx, tenant_id)
            before = await _get(tx, tenant_id, staff_id)
            await self._set_pin(tx, tenant_id, staff_id, pin)
            row = await _get(tx, tenant_id, staff_id)
            await self._tell(tx, row, before)
        return _view(row)

    async def _set_pin(self, tx: Transaction, tenant_id: str, staff_id: str, pin: str) -> None:
        if not fits_as_pin(pin):
            raise UnfitPerson(
                "a PIN has four to six digits, and is not one that everybody tries first"
            )
        pepper = await pepper_of(tx, tenant_id, self._platform)
        kept = await hash_pin(pepper, staff_id, pin, self._platform.entropy(SALT_BYTES))
        await keep_pin(tx, tenant_id, staff_id, kept, self._platform.wall_ms(), at_hq=True)

    async def _tell(self, tx: Transaction, row: Row, before: Row | None) -> None:
        now_ms = self._platform.wall_ms()
        await tell(tx, row, before, publish_id=self._platform.uuid(), now_ms=now_ms)


async def pepper_of(tx: Transaction, tenant_id: str, platform: Platform) -> bytes:
    """What PINs of a tenant are hashed with; made at the first call."""
    found = await tx.fetchval("SELECT pepper FROM pin_peppers WHERE tenant_id = $1", tenant_id)
    if found is None:
        await tx.execute(
            "INSERT INTO pin_peppers VALUES ($1, $2) ON CONFLICT DO NOTHING",
            *(tenant_id, platform.entropy(PEPPER_BYTES)),
        )
        found = await tx.fetchval("SELECT pepper FROM pin_peppers WHERE tenant_id = $1", tenant_id)
    return bytes(found)


async def keep_pin(
    tx: Transaction, tenant_id: str, staff_id: str, kept: str, at_ms: int, *, at_hq: bool
) -> bool:
    """Keep a PIN's hash, unless one was chosen later; whether anything changed.

    What HQ gives is later than all it knows, whatever clock said so.
    """
    changed = await tx.execute(
        """UPDATE people SET pin_hash = $3, version = version + 1,
               pin_ms = CASE WHEN $5 THEN greatest($4, pin_ms + 1) ELSE $4 END
           WHERE tenant_id = $1 AND staff_id = $2 AND ($5 OR $4 > pin_ms)""",
        *(tenant_id, staff_id, kept, at_ms, at_hq),
    )
    return changed != "UPDATE 0"


async def tell(
    tx: Transaction, row: Row, before: Row | None, *, publish_id: str, now_ms: int
) -> None:
    """Boxes hear of somebody as they now are: those of their outlets, and those they left."""
    person = Person(
        staff_id=str(row["staff_id"]),
        name=row["name"],
        role=Role(row["role"]),
        pin_hash=row["pin_hash"],
        active=row["active"],
        language=row["language"],
        also=tuple(May(x) for x in row["also"]),
        pin_ms=row["pin_ms"],
    )
    body = msgspec.json.encode(person)
    here, there = _places(row), _places(before)
    gone: set[str | None] = {None} if None in there and None not in here else there - here
    if None in here:
        gone = set()  # a row for everybody overtakes those of single outlets
    # Tombstones first: one for everybody would otherwise hide what single outlets are told.
    things = [_thing(person, row, None, where) for where in _sorted(gone)]
    things += [_thing(person, row, body, where) for where in _sorted(here)]
    await publish(tx, str(row["tenant_id"]), things, publish_id=publish_id, now_ms=now_ms)


def _thing(person: Person, row: Row, body: bytes | None, outlet_id: str | None) -> Publication:
    return Publication(
        kind=STAFF, key=person.staff_id, version=row["version"], body=body, outlet_id=outlet_id
    )


def _places(row: Row | None) -> set[str | None]:
    """Which outlets hear of somebody; None among them stands for all."""
    if row is None:
        return set()
    return {str(x) for x in row["outlets"]} or {None}


def _sorted(places: Iterable[str | None]) -> list[str | None]:
    return sorted(places, key=lambda x: x or "")


async def _get(tx: Transaction, tenant_id: str, staff_id: str) -> Row:
    row = None
    if is_uuid(staff_id):
        row = await tx.fetchrow(
            "SELECT * FROM people WHERE tenant_id = $1 AND staff_id = $2", tenant_id, staff_id
        )
    if row is None:
        raise UnknownPerson(staff_id)
    return row


async def _ensure_fits(tx: Transaction, tenant_id: str, wish: PersonWish) -> None:
    faults = []
    if wish.name is not None and not 0 < len(wish.name.strip()) <= NAME_CHARS_MAX:
        faults.append(f"a name has 1 to {NAME_CHARS_MAX} characters")
    if any("\x00" in text for text in (wish.name or "", wish.language or "")):
        faults.append("there is a character that cannot be kept")
    if len(wish.language or "") > LANGUAGE_CHARS_MAX:
        faults.append("a language is a short code, such as id or en")
    if wish.outlets:
        known = {str(outlet.outlet_id) for outlet in await find_outlets(tx, tenant_id)}
        faults += [f"there is no outlet {x}" for x in wish.outlets if x not in known][:5]
    if faults:
        raise UnfitPerson(*faults)


def _view(row: Row) -> PersonView:
    return PersonView(
        staff_id=str(row["staff_id"]),
        name=row["name"],
        role=Role(row["role"]),
        outlets=tuple(str(x) for x in row["outlets"]),
        language=row["language"],
        also=tuple(May(x) for x in row["also"]),
        active=row["active"],
        has_pin=bool(row["pin_hash"]),
        created_ms=row["created_ms"],
    )
