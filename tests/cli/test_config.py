import json
import subprocess
import sys

from guard.settings import json_schema


def test_the_schema_is_printed_for_editors():
    """All of it, as JSON and nothing else."""
    ended = subprocess.run([sys.executable, "-m", "guard", "config", "schema"], capture_output=True, check=True)

    assert json.loads(ended.stdout) == json_schema()
