"""`kedai edge enrol`: make this machine the box of an outlet, or make HQ know it once more."""

from pathlib import Path

from edge.follower import Fault
from edge.node import Node
from edge.product import PRODUCT
from edge.uplink import HqRefused, Uplink
from protocol.replication import Enrolled

OTHER_OUTLET = "other_outlet"


class NotEnrolled(Exception):
    """Nothing was changed; the sentence says why and what to do."""


async def enrol(data_dir: Path, hq_url: str, code: str, *, again: bool = False) -> str:
    """Use a one-time code up; returns the outlet's name. Raises NotEnrolled.

    `again` is for a box that HQ has forgotten: it keeps its data, and what is unsent goes up under
    the same outlet. Its key stays as well: HQ computes a box's name from its key, so this is the same
    box with the same streams, and it may go on selling meanwhile. A new key would make it a stranger
    to what it wrote.
    """
    node = Node(data_dir)
    node.load()
    before = node.enrolled
    if before is not None and not again:
        raise NotEnrolled(
            f"This box already serves {before.outlet_name}. Nothing was changed. If HQ does not know "
            "it any more, add --again. To move it, start with an empty --data folder."
        )
    if before is None and again:
        raise NotEnrolled("This box was not enrolled before. Nothing was changed. Omit --again.")
    hq_url = hq_url or node.hq_url
    if not hq_url:
        raise NotEnrolled("Give HQ's address with --hq. Nothing was changed.")
    uplink = Uplink(node, hq_url)
    await uplink.start()
    try:
        enrolled = await uplink.enrol(code, PRODUCT, before.outlet_id if before else "")
    except HqRefused as no:
        if before and no.trouble is not None and no.trouble.code == OTHER_OUTLET:
            raise NotEnrolled(_other_outlet(before)) from no
        raise NotEnrolled(f"The box was not enrolled: {_plain(no)}. Nothing was changed.") from no
    except Fault as fault:
        raise NotEnrolled(
            f"The box was not enrolled: {_plain(fault)}. Nothing was changed."
        ) from fault
    finally:
        await uplink.stop()
    if before is not None and enrolled.outlet_id != before.outlet_id:  # an HQ that does not look
        raise NotEnrolled(_other_outlet(before))
    node.keep(enrolled, hq_url)
    return enrolled.outlet_name


def _other_outlet(before: Enrolled) -> str:
    name = before.outlet_name
    return (
        f"This code is for another outlet; here is what {name} sold. Nothing was changed. Make a "
        f'code for {name} at HQ: `kedai cloud outlet code "{name}"`. If HQ lost the outlet itself, '
        f'`kedai cloud outlet add "{name}" --id {before.outlet_id}` brings it back and prints one.'
    )


def _plain(fault: Fault) -> str:
    return str(fault).rstrip(".")
