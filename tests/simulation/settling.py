"""When the story is over: everything is answered, sent, read and followed, and what is left if not."""

from typing import TYPE_CHECKING

from cloud import follower

if TYPE_CHECKING:
    from simulation.world import Place, World


def settled(world: "World") -> bool:
    """Whether every screen is answered, every box has sent, and HQ has read it all."""
    if any(s.queue or s.offering for p in world.places for s in p.screens):
        return False
    if not all(world.sent(s) for s in world.living_sites()):
        return False
    told = all(fed(world, p) and in_charge(world, p) == 1 for p in world.places)
    return told and projected(world)


def what_is_left(world: "World") -> str:
    """Why it has not settled, in words."""
    left = [f"{s.name} waits for {len(s.queue)} answers"
            for p in world.places for s in p.screens if s.queue]  # fmt: skip
    for site in world.living_sites():
        if not world.sent(site):
            replication = site.box.replication if site.box else None
            left.append(
                f"{site.name} up={site.up} unsent={getattr(replication, 'unsent', '?')}"
                f" fault={getattr(replication, 'fault', '?')} {site.failed_starts[-1:]}"
            )
    if not projected(world):
        left.append("HQ has not projected everything")
    left += [f"{p.name} has not read HQ's feed to its end" for p in world.places
             if not fed(world, p)]  # fmt: skip
    left += [f"{p.name} has {in_charge(world, p)} boxes in charge" for p in world.places
             if in_charge(world, p) != 1]  # fmt: skip
    return "; ".join(left) or "nothing is left now"


def fed(world: "World", place: "Place") -> bool:
    """Whether an outlet's box has read HQ's feed to its end."""
    head = world.hq.rows(
        "SELECT incarnation::text, pos FROM feed_heads WHERE tenant_id = $1",
        place.tenant.tenant_id,
    )[0]
    here = dict(place.site.read("SELECT name, value FROM facts WHERE name LIKE 'feed_%'"))
    return (here.get("feed_incarnation"), here.get("feed_pos")) == (head[0], str(head[1]))


def roles(world: "World", place: "Place") -> dict[str, str]:
    """What each running box of an outlet, copies of its disk included, believes to be."""
    return {
        site.name: site.box.replication.role
        for site in world.living_sites()
        if site.name.startswith(place.name + "-") and site.box and site.box.replication
    }


def in_charge(world: "World", place: "Place") -> int:
    """How many of an outlet's boxes are in charge: each hears from HQ that another is."""
    return sum(role == "primary" for role in roles(world, place).values())


def certified(place: "Place") -> bool:
    """Whether an outlet's box has signed every closed day that it knows of."""
    unsigned = place.site.read("SELECT count(*) FROM days WHERE certified IS NULL")
    return bool(unsigned[0][0] == 0)


def projected(world: "World") -> bool:
    """Whether HQ's projections have read every ledger to its end."""
    for part in world.hq.hq.parts():
        if isinstance(part, follower.Follower):
            look_up = part._projection.behind
            sql = f"SELECT * FROM {look_up}()" if look_up else "SELECT * FROM outlets_behind($1)"
            if world.hq.rows(sql, *(() if look_up else (part.name,))):
                return False
    return True
