"""The warehouse: the diff, the loader's own tables, and the two dialects. The only place with SQL."""

from loader.warehouse.diff import Diff, Options
from loader.warehouse.differ import GONE, MARKS, TOGETHER
from loader.warehouse.mart import Mart
from loader.warehouse.state import State
from loader.warehouse.tables import TABLES, Tables, utc_now

__all__ = ["GONE", "MARKS", "TABLES", "TOGETHER", "Diff", "Mart", "Options", "State", "Tables", "utc_now"]
