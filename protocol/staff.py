"""People of an outlet: roles, what each may do, and the approvals that others ask them for."""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody is here for (DESIGN.md §10); each may all that the ones after it may."""

    OWNER = "owner"
    ADMIN = "admin"
    MANAGER = "manager"
    CASHIER = "cashier"
    KITCHEN = "kitchen"


class May(StrEnum):
    """What a person may be allowed to do, beside looking at screens."""

    ORDER = "order"
    PAY = "pay"
    KITCHEN = "kitchen"
    VOID_FIRED = "void_fired"
    COMP = "comp"
    DISCOUNT = "discount"
    DISCOUNT_OVER = "discount_over"
    CANCEL = "cancel"
    REFUND = "refund"
    REOPEN = "reopen"
    TILL = "till"
    NO_SALE = "no_sale"
    PAID_OUT_OVER = "paid_out_over"
    CLOSE_DAY = "close_day"
    STOCK = "stock"
    PRODUCTS = "products"
    DEVICES = "devices"
    IMPORT = "import"


_KITCHEN = frozenset({May.KITCHEN, May.STOCK})
_CASHIER = _KITCHEN | {May.ORDER, May.PAY, May.DISCOUNT, May.TILL}
_ALL = frozenset(May)

ROLE_MAY: dict[Role, frozenset[May]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL,
    Role.MANAGER: _ALL - {May.IMPORT},
    Role.CASHIER: _CASHIER,
    Role.KITCHEN: _KITCHEN,
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works here, as HQ's feed tells it (kind `staff`, key: the id).

    `pin_hash` is Argon2id over the peppered PIN; the pepper is never in the same place.
    """

    staff_id: str
    name: str
    role: Role
    pin_hash: str = ""
    active: bool = True
    language: str = ""
    also: tuple[May, ...] = ()
    """What this one may beside the role."""
    pin_ms: int = 0
    """When the PIN was chosen (Unix milliseconds): the one chosen last holds, whoever tells first."""

    @property
    def may(self) -> frozenset[May]:
        """Everything this person may do."""
        return ROLE_MAY[self.role] | frozenset(self.also)


class Given(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An approval: `by` allows one thing about one order up to an amount, once, for ten minutes."""

    approval_id: str
    by: str
    action: May
    subject: str = ""
    """The order it is about, or the shift."""
    amount: int | None = None
    """Most it may come to (minor units); None: whatever it comes to."""
    at_ms: int = 0
    expires_ms: int = 0
    used: bool = False


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a command, as the box knows from their sign-in; a guest at a kiosk has no person."""

    staff_id: str | None
    name: str
    may: frozenset[May]
