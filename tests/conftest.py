"""What all tests share: how hard hypothesis tries. `make sim` tries harder, with new examples each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: a slow machine is not a wrong result.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("test", calm, derandomize=True)
settings.register_profile("sim", calm, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
