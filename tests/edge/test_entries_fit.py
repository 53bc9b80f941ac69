"""No event is so large that HQ could not be sent it: one alone would hold up all that follow."""

import zlib
from random import Random

from edge.journal_table import BODY_BYTES_MAX
from protocol import commands as c
from protocol.cart import Cart, CartLine, Tally
from protocol.refusals import Refusal
from protocol.replication import COMPRESSED_BYTES_MAX


def crowded(guest, lines, actors):
    """A cart that nobody sane sends, within every limit of its parts."""
    chance = Random(1)
    names = [f"{chance.getrandbits(780):0195x}" for _ in range(actors)]
    line = CartLine(variant_id="nasi-kecil", tallies={name: Tally(added=1) for name in names})
    return Cart(lines={guest.new_id(): line for _ in range(lines)})


async def test_a_cart_too_large_to_be_sent_is_refused_and_its_neighbours_are_taken(heart, guest):
    order_id = guest.new_id()
    await heart.taking.take(guest.asks(guest.place(order_id=order_id, hold=True)))
    too_much = guest.asks(c.MergeCart(order_id=order_id, cart=crowded(guest, 60, 100)))
    refusal = await heart.taking.take(too_much)
    assert refusal == Refusal("too_large", {"most": str(BODY_BYTES_MAX)})
    fits = guest.asks(c.MergeCart(order_id=order_id, cart=crowded(guest, 2, 5)))
    assert (await heart.taking.take(fits)).order
    bodies = [f.entry.body for f in await heart.entries()]
    assert max(map(len, bodies)) < BODY_BYTES_MAX
    places = [f.at.seq for f in await heart.entries()]
    assert places == list(range(1, len(places) + 1)), "the refused one left no hole"


def test_the_largest_event_there_can_be_passes_however_badly_it_packs():
    worst = Random(2).randbytes(BODY_BYTES_MAX)
    assert len(zlib.compress(worst, 1)) + 10_000 < COMPRESSED_BYTES_MAX
