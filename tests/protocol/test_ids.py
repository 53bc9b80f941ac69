"""Identifiers: the layout of UUIDv7, their order in time, and ids that are worked out."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import ENTROPY_BYTES, derive, event_id, is_uuid, mint, named_uuid

MILLISECONDS = st.integers(0, 2**48 - 1)
ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=20)


@given(MILLISECONDS, ENTROPY)
def test_a_minted_id_has_the_layout_of_rfc_9562(now_ms, entropy):
    minted = UUID(mint(now_ms, entropy))
    assert minted.version == 7
    assert minted.variant == "specified in RFC 4122"
    assert minted.int >> 80 == now_ms
    assert is_uuid(str(minted))


def test_the_example_of_rfc_9562_is_minted_from_its_parts():
    random = 0xCC3 << 68 | 0x18C4DC0C0C07398F
    minted = mint(0x017F22E279B0, random.to_bytes(10, "big"))
    assert minted == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(MILLISECONDS, MILLISECONDS, ENTROPY, ENTROPY)
def test_ids_sort_by_the_time_they_were_minted(one_ms, other_ms, one, other):
    if one_ms < other_ms:
        assert mint(one_ms, one) < mint(other_ms, other)


def test_all_74_random_bits_are_used():
    ids = {mint(0, (1 << bit).to_bytes(10, "big")) for bit in range(80)}
    assert len(ids) == 75  # the six bits that the layout has no room for change nothing


def test_too_little_entropy_is_an_error():
    with pytest.raises(ValueError, match="10 random bytes"):
        mint(0, bytes(ENTROPY_BYTES - 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e279b07cc398c4dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398٣",
    ],
)
def test_only_one_spelling_of_an_id_is_kept(text):
    assert not is_uuid(text)


def test_the_id_of_an_event_never_changes():
    command_id = "0190c7d2-0000-7000-8000-000000000001"
    order, other = (f"0190c7d2-0000-7000-8000-00000000000{n}" for n in (2, 3))
    first = event_id(command_id, "order.placed", order, 0)
    assert first == "dcaf6015ebe536c88c343632e43e0d3e"
    others = {
        event_id(command_id, "order.placed", order, 1),
        event_id(command_id, "order.fired", order, 0),
        event_id(command_id, "order.placed", other, 0),
    }
    assert len({*others, first}) == 4


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=4))
def test_parts_of_a_derived_id_do_not_run_into_each_other(parts):
    assert derive(*parts) != derive(*parts, "")
    if len(parts) > 1:
        assert derive(*parts) != derive("".join(parts))


def test_an_importers_ids_are_uuids_of_version_8():
    named = named_uuid("sales.csv", "row", "17")
    assert UUID(named).version == 8
    assert is_uuid(named)
    assert named == named_uuid("sales.csv", "row", "17")
    assert named != named_uuid("sales.csv", "row", "18")
