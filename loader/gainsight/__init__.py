"""Gainsight CS: the object data API."""

from loader.gainsight.destination import Gainsight

__all__ = ["Gainsight"]
