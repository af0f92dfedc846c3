"""A local Marketo for the demo and the tests; see README.md."""

from sandbox.marketo.box import Instance
from sandbox.marketo.settings import Limits, Switches
from sandbox.row_faults import RowFault
from sandbox.settings import Call, Fault

__all__ = ["Call", "Fault", "Instance", "Limits", "RowFault", "Switches"]
