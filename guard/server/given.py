"""What is a worker given by the supervisor besides the settings?"""

from dataclasses import dataclass, field
from datetime import date, datetime

from guard.core.autonomous_systems import AutonomousSystems
from guard.store.clients import ClientTable
from guard.store.pause import Pause
from guard.store.portfolio import Portfolios
from guard.store.prefixes import Crowds


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Handed over at the start; tables are shared by all workers."""

    as_of: date
    """The day since which the rights statement holds."""
    learning_until: datetime
    """Until then nobody is refused for behaviour."""
    clients: ClientTable
    """The clients' recent past, shared by all workers."""
    challenge_key: bytes = field(repr=False)
    """Seals challenges and passes; the same in all workers, new with each start."""
    spent_challenges: ClientTable
    """The challenges that were solved, shared by all workers."""
    mark_ids: ClientTable
    """Who gets copies under which mark today, shared likewise."""
    crowds: Crowds
    """What came from each network and by each header shape, shared likewise."""
    systems: AutonomousSystems | None
    """Which autonomous system an address belongs to, where the operator supplies that."""
    pause: Pause
    """Until when the owner has stopped everything."""
    portfolios: Portfolios
    """How many pictures each site has, counted by all workers."""
    started: float
    """Unix seconds when these tables were empty."""
    own_token: str = field(default="", repr=False)
    """By which the workers know the guard's own requests."""
    asks_itself: bool = False
    """This worker, of all, checks what search engines get."""
