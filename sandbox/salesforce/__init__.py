"""A local Salesforce for the demo and the tests; see ../README.md."""

from sandbox.row_faults import RowFault
from sandbox.salesforce.box import Org
from sandbox.salesforce.settings import AT_ONCE, DAY_SPENT, Limits, Switches
from sandbox.settings import Call, Fault

__all__ = ["AT_ONCE", "DAY_SPENT", "Call", "Fault", "Limits", "Org", "RowFault", "Switches"]
