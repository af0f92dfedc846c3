"""A local Gainsight for the demo and the tests; see README.md."""

from sandbox.box import Sandbox
from sandbox.settings import Call, Fault, Limits, Switches

__all__ = ["Call", "Fault", "Limits", "Sandbox", "Switches"]
