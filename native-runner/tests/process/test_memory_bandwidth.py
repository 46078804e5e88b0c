"""The probe of machines whose chip is not known."""

import json
import subprocess
import sys


def test_prints_a_plausible_bandwidth():
    printed = subprocess.run(
        [sys.executable, "-m", "muster_runner.memory_bandwidth"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    # From an old CPU under load to more than any machine of this decade has.
    assert 1e7 < json.loads(printed)["bytesPerSecond"] < 1e14
