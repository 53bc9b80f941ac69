"""Coupons that outlets together gave more often than HQ said: each box knows only its own uses."""

from protocol.conflicts import Decision, Side, decision_id
from protocol.house import Promotion
from protocol.ids import OutletId
from protocol.menu import name_in


def coupon_overused(
    outlet_id: OutletId, coupon: Promotion, used: int, here: int, at_ms: int
) -> Decision | None:
    """A card for an outlet that used a coupon of which all outlets gave too many; None when not.

    `used` counts orders of all outlets, `here` those of this one.
    """
    if coupon.uses is None or used <= coupon.uses or not here:
        return None
    elsewhere = used - here
    return Decision(
        decision_id=decision_id("coupon_overused", outlet_id, coupon.id),
        kind="coupon_overused",
        outlet_id=outlet_id,
        subject=coupon.id,
        automatic=False,
        sides=(
            Side(who="outlet", what=f"used {here} times", what_id=f"dipakai {here} kali"),
            Side(
                who="other_outlets",
                what=f"used {elsewhere} times",
                what_id=f"dipakai {elsewhere} kali",
            ),
        ),
        at_ms=at_ms,
        params={
            "coupon": coupon.code,
            "offer": name_in(coupon.names, "en"),
            "uses": str(coupon.uses),
            "used": str(used),
        },
    )
