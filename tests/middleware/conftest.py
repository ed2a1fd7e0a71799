"""A guard that applications ask."""

from collections.abc import Iterator

import pytest

from tests.support.running import PATIENT, RunningGuard


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start it; nothing is behind it but the applications themselves."""
    folder = tmp_path_factory.mktemp("asked")
    running = RunningGuard(
        folder,
        {
            "sites": [{"host": "*", "upstream": "http://127.0.0.1:9"}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
            "decisions": {"listen": f"unix:{folder}/decisions.sock"},
            "rules": [
                *PATIENT,
                {"id": "friend", "when": {"network": "198.51.100.7/32"}, "action": "allow"},
                {"id": "neighbour", "when": {"network": "127.0.0.2/32", "path": "/by-address"}, "action": "charge"},
                {"id": "slowly", "when": {"path": "/slowly"}, "action": "throttle"},
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
