"""People at this outlet, composed: who works here, their PINs, sessions and approvals."""

from pathlib import Path

from edge.approvals import Approvals
from edge.asking import Asking
from edge.database import Database
from edge.devices import Devices
from edge.journal import Journal
from edge.pin_desk import PinDesk
from edge.pins import Peppers
from edge.platform import Platform
from edge.sessions import Sessions
from edge.staff import People


class Staffing:
    """A part of the box: started after the devices, before anything is taken."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        platform: Platform,
        devices: Devices,
        *,
        folder: Path,
        mode: str,
    ) -> None:
        self.people = People(database, journal, platform, Peppers(folder), mode)
        self.desk = PinDesk(database, journal, platform, self.people)
        self.sessions = Sessions(database, journal, platform, self.people)
        self.approvals = Approvals(database, journal, platform, self.desk)
        self.asking = Asking(self.people, self.sessions)
        devices.on_revoked.append(self.sessions.device_gone)

    async def start(self) -> None:
        """Read who works here and who is signed in."""
        await self.people.start()
        await self.sessions.start()

    async def stop(self) -> None:
        """Write down what was not yet."""
        await self.sessions.stop()
        await self.desk.stop()
