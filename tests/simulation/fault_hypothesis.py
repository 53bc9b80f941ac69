"""The fault hypothesis: at any one time at most one of screen, box disk and HQ loses data.

Nothing that software does survives the loss of every copy. So a fault that destroys data is only
let loose where the others still hold everything: until a loss is healed (the box has sent all it
has, knows all that HQ knows, and has heard every screen's copies again) none other may follow at
that outlet, and HQ may lose its newest days only while no outlet has a loss to heal. A box may be
lost with orders that HQ has not: the screens hold them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.world import Place, World


class Hypothesis:
    """Which losses are not healed yet."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._open: dict[str, str] = {}
        self.boxes_lost: set[str] = set()
        """Ids of outlets whose box lost data at some time."""

    def may_lose(self, place: "Place") -> bool:
        """Whether something of this outlet may be destroyed now."""
        self._heal()
        return "hq" not in self._open and place.name not in self._open

    def may_lose_hq(self) -> bool:
        """Whether HQ may be put back to an older state now."""
        self._heal()
        return not self._open

    def lost(self, name: str, what: str) -> None:
        """A loss began; `name` is an outlet's, or hq."""
        self._open[name] = what
        if what.startswith("box"):
            self.boxes_lost |= {str(p.outlet_id) for p in self._world.places if p.name == name}
        self._world.loop.note("loss", name, what)

    def _heal(self) -> None:
        for name in list(self._open):
            places = [p for p in self._world.places if name in (p.name, "hq")]
            if all(self._whole(p) for p in places):
                del self._open[name]
                self._world.loop.note("healed", name)

    def _whole(self, place: "Place") -> bool:
        """Whether an outlet's box, its screens and HQ all hold the same."""
        box = place.site.box
        if not place.site.up or box is None or not self._world.sent(place.site):
            return False
        return all(
            s.boot == box.platform.boot and not s.queue and not s.offering for s in place.screens
        )
