"""`kedai edge take-over`: a person puts this box in charge, whether it runs or not."""

import sqlite3
from pathlib import Path

from edge.claim import Claim, InUse
from edge.http_client import TransportError, open_client
from edge.role import put_in_charge


class NotDone(Exception):
    """Nothing was changed; the sentence says why and what to do."""


async def take_over(data_dir: Path, port: int) -> str:
    """Tell the running box, or leave it in its data; returns what happens next.

    Raises NotDone.
    """
    if not (data_dir / "box.db").exists():
        raise NotDone(f"There is no box in {data_dir}.")
    claim = Claim(data_dir)
    try:
        # Only the process that holds the folder writes to its database.
        claim.take()
    except InUse:
        return await _ask_the_box(port)
    try:
        with sqlite3.connect(data_dir / "box.db") as db:
            put_in_charge(db)
        db.close()
    finally:
        claim.release()
    return "This box is in charge once it is started. HQ is told as soon as it is reached."


async def _ask_the_box(port: int) -> str:
    async with open_client(f"http://127.0.0.1:{port}", timeout_s=10) as client:
        try:
            answer = await client.post("/api/box/take-over", json={})
        except TransportError as fault:
            raise NotDone(
                f"A box works on this data, but does not answer on port {port} ({fault}). "
                "Name its port with --port, or stop it and try again."
            ) from fault
    if answer.status_code != 200:
        raise NotDone("The box does not take over: it is not enrolled at HQ.")
    return (
        "This box is in charge: it takes orders now. HQ is told as soon as it is reached. If the other"
        " box still runs, switch it off."
    )
