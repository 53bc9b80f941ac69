"""The box as a whole: what it leaves behind when it cannot start, and whom it lets go."""

import socket

import msgspec
import pytest

from edge.app import GONE_AFTER_MS, listen
from edge.box import Box
from edge.config import Config


async def test_a_box_that_cannot_read_its_menu_ends_instead_of_hanging(make_box, menu, tmp_path):
    box = await make_box("old", menu=menu)
    await box.database.write(lambda db: db.execute("UPDATE menus SET body = x'7b'").rowcount)
    await box.stop()
    again = Box(Config(data_dir=str(tmp_path / "old"), announce=False, mqtt_port=1), box.platform)
    with pytest.raises(msgspec.DecodeError):
        await again.start()
    # An open database keeps its thread, and the thread the process.
    assert again.database.broken == "the box is stopping"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel has no such limit")
def test_a_screen_that_left_without_a_word_is_let_go():
    with listen("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                limit = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert limit == GONE_AFTER_MS
