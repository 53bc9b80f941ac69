"""The line to HQ, on real sockets: what each kind of answer means to a box, and none is waited for
without end."""

import asyncio

import msgspec
import pytest

from edge.follower import Fault
from edge.listening import listen_no_more
from edge.node import Node
from edge.uplink import HqBusy, HqRefused, HqSaysHello, HqUnreadable, NoLine, Uplink
from protocol.ids import NodeId, OutletId, StreamId, TenantId
from protocol.replication import ChainRequest, Enrolled, FeedPage, Trouble

REQUEST = ChainRequest(stream=StreamId("ab"), seqs=(1,))


@pytest.fixture
async def answering(tmp_path):
    """An uplink to a server that gives one answer to everything, and what it was asked."""
    opened, asked, serving = [], [], set()

    async def begin(status, body, trickle_s=None, timeout_s=5):
        async def serve(reader, writer):
            serving.add(asyncio.current_task())
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                asked.append(head.decode().splitlines()[0])
                told = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write(told.encode())
                for byte in body if trickle_s else (body,):
                    writer.write(bytes([byte]) if trickle_s else byte)
                    await writer.drain()
                    await asyncio.sleep(trickle_s or 0)
            except (ConnectionError, EOFError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        node = Node(tmp_path)
        node.public_key()
        place = {"outlet_name": "", "currency": "IDR", "zone": "UTC", "rollover_hour": 4}
        enrolled = Enrolled(
            node_id=NodeId("n"), outlet_id=OutletId("o"), tenant_id=TenantId("t"), **place
        )
        node.keep(enrolled, "")
        uplink = Uplink(node, f"http://127.0.0.1:{port}", timeout_s=timeout_s)
        await uplink.start()
        opened.append((uplink, server))
        return uplink, asked

    yield begin
    for uplink, server in opened:
        await uplink.stop()
        await listen_no_more(server)
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    await asyncio.sleep(0.01)


def trouble(**more):
    return msgspec.msgpack.encode(Trouble(code="x", sentence="why", **more))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(409, HqSaysHello), (422, HqUnreadable), (429, HqBusy), (503, HqBusy), (403, HqRefused),
     (413, HqRefused), (500, HqRefused)],
)  # fmt: skip
async def test_what_hq_says_no_with_is_told_apart(answering, status, kind):
    uplink, _ = await answering(status, trouble(retry_after_s=3.0, entries_max=7))
    with pytest.raises(kind) as no:
        await uplink.chains(REQUEST)
    assert type(no.value) is kind
    if kind is HqBusy:
        assert (no.value.trouble.retry_after_s, no.value.trouble.entries_max) == (3.0, 7)


@pytest.mark.parametrize("status", [200, 409, 422, 503])
async def test_a_captive_portal_is_not_taken_for_hq(answering, status):
    uplink, _ = await answering(status, b"<html>Please log in</html>")
    with pytest.raises(Fault) as no:
        await uplink.chains(REQUEST)
    assert type(no.value) is Fault


async def test_no_line_at_all_is_known_from_a_line_that_broke(answering):
    uplink, _ = await answering(200, b"")
    await uplink.stop()
    uplink.hq_url = "http://127.0.0.1:1"
    await uplink.start()
    with pytest.raises(NoLine):
        await uplink.chains(REQUEST)


async def test_an_answer_that_only_trickles_is_given_up(answering, monkeypatch):
    monkeypatch.setattr("edge.uplink.WHOLE_REQUEST", 2)
    uplink, _ = await answering(200, b"x" * 1_000, trickle_s=0.05, timeout_s=0.2)
    began = asyncio.get_running_loop().time()
    with pytest.raises(Fault):
        await uplink.chains(REQUEST)
    assert asyncio.get_running_loop().time() - began < 3


async def test_a_poll_says_which_life_of_the_box_asks(answering):
    page = msgspec.msgpack.encode(FeedPage(incarnation="a", rows=(), pos=0))
    uplink, asked = await answering(200, page)
    await uplink.feed("a", 0, unsent=0, head=0, wait_s=0, instance="life-7", stamp=42)
    await uplink.feed("a", 0, unsent=0, head=0, wait_s=0)
    assert "instance=life-7&stamp=42" in asked[0]
    assert "instance" not in asked[1]
