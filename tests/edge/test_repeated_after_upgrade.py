"""A command sent to an older build and repeated to this one is the same command."""

from hashlib import blake2b

import msgspec
import pytest

from edge.command_digest import digest_of
from protocol import commands as c

PLACED = (
    '{"type":"order.place","order_id":"o1","lines":[{"line_id":"l1","variant_id":"kopi",'
    '"quantity":1,"choices":[],"note":"","seat":null,"course":null,"amount":null}],'
    '"source":"counter","dining_option":"dine_in","table":null,"tab_name":null,"covers":null,'
    '"hold":false,"menu_version":null,"expected_total":null}'
)
VOIDED = '{"type":"line.void","order_id":"o1","line_id":"l1","reason":"salah"}'
FIRED = '{"type":"order.fire","order_id":"o1"}'


@pytest.mark.parametrize("written", [PLACED, VOIDED, FIRED])
def test_what_the_first_release_remembered_of_a_command_fits_it_still(written):
    command = msgspec.json.decode(written, type=c.Command)
    envelope = c.Envelope(command_id="c1", command=command)
    remembered = blake2b(f"[{written},null]".encode(), digest_size=16).digest()
    assert digest_of(envelope) == remembered


def test_what_is_asked_for_in_the_new_fields_counts():
    fire = c.Envelope(command_id="c1", command=c.FireOrder(order_id="o1", courses=(2,)))
    all_of_it = c.Envelope(command_id="c1", command=c.FireOrder(order_id="o1"))
    assert digest_of(fire) != digest_of(all_of_it)
