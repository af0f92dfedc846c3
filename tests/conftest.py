"""Shared by all tests: sample, sandbox and scripts can be imported from anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

REPO = Path(__file__).parents[1]
if str(REPO) not in sys.path:
    sys.path.insert(0, str(REPO))
