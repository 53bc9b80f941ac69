"""Who works at the demo's outlet, with PINs that everybody may read."""

import msgspec

from edge.http_client import open_client
from protocol.staff import Role

TIMEOUT_S = 30.0


class Employee(msgspec.Struct, frozen=True):
    """Somebody of the demo. The PIN is shown on its first page, which no real outlet does."""

    name: str
    role: Role
    pin: str


class Somebody(msgspec.Struct, frozen=True):
    """A person of the demo's outlet; `role` in both languages, the PIN for everybody to try."""

    name: str
    role: str
    pin: str


CASHIER = Employee("Ayu", Role.CASHIER, "3110")
PEOPLE = (
    Employee("Ibu Sari", Role.OWNER, "1945"),
    Employee("Budi", Role.MANAGER, "2708"),
    CASHIER,
    Employee("Dimas", Role.CASHIER, "4227"),
    Employee("Pak Joko", Role.KITCHEN, "5563"),
)
ROLES = {
    Role.OWNER: "pemilik · owner",
    Role.ADMIN: "admin · admin",
    Role.MANAGER: "manajer · manager",
    Role.CASHIER: "kasir · cashier",
    Role.KITCHEN: "dapur · kitchen",
}


async def publish_people(hq_url: str, key: str) -> None:
    """Give the demo's outlet its people, unless HQ has some.

    Raises what the HTTP client raises, and RuntimeError with HQ's answer when it refuses one.
    """
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    async with open_client(hq_url, timeout_s=TIMEOUT_S, headers=headers) as hq:
        if (await hq.get("/api/people")).json()["people"]:
            return
        for employee in PEOPLE:
            answer = await hq.post("/api/people", content=msgspec.json.encode(employee))
            if answer.status_code != 200:
                raise RuntimeError(f"HQ does not take {employee.name}: {answer.text}")


def shown() -> tuple[Somebody, ...]:
    """They as the first page names them."""
    return tuple(Somebody(p.name, ROLES[p.role], p.pin) for p in PEOPLE)
