"""Marketo: Companies and custom objects, 300 records a call, or by files for large loads of custom objects."""

from loader.marketo.destination import Marketo

__all__ = ["Marketo"]
