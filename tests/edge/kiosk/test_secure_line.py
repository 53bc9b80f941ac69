"""Over TLS the agent trusts one certificate, and nobody in between can talk it out of that."""

import asyncio
import socket

import pytest

from edge.app import CannotStart, front_door, over_tls
from edge.kiosk.line import Away, NotOurs, Place, reach
from edge.lan.certificate import trusting_only
from edge.platform import Platform


@pytest.fixture
def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
async def secure(served, free_port):
    """A box that answers over TLS as well."""
    shop = await served(https_port=free_port, http_host="127.0.0.1")
    async with over_tls(shop.box, front_door(shop.box)):
        await asyncio.sleep(0.2)
        yield shop


async def test_a_box_with_tls_is_used_over_tls_with_its_own_certificate(
    secure, paired, browse_as, free_port
):
    agent = await paired(secure)
    assert agent.tether.line.url == f"https://127.0.0.1:{free_port}"
    assert (await (await browse_as(agent)).get("/api/menu")).json()["version"] == 1


async def test_a_box_known_by_its_secure_address_alone_is_reached(secure, free_port):
    line = await reach(Place(f"https://127.0.0.1:{free_port}"), Platform())
    assert line.fingerprint == secure.box.certificate.fingerprint
    await line.close()


async def test_another_certificate_at_the_secure_port_gets_nothing(secure, served, free_port):
    other = await served()
    trusting = trusting_only(other.box.certificate.pem)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        await asyncio.open_connection("127.0.0.1", free_port, ssl=trusting, server_hostname="box")
    with pytest.raises(NotOurs):
        await reach(secure.place, Platform(), remembered=other.box.certificate.fingerprint)


async def test_a_box_that_promises_tls_and_does_not_answer_there_is_away(served, free_port):
    shop = await served(https_port=free_port)
    with pytest.raises(Away, match="https"):
        await reach(shop.place, Platform())


async def test_a_port_that_is_taken_is_said_at_the_start(served, free_port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        shop = await served(https_port=free_port, http_host="127.0.0.1")
        with pytest.raises(CannotStart, match="https_port"):
            async with over_tls(shop.box, front_door(shop.box)):
                pass
