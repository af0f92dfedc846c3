"""Salesforce: sObject Collections for small loads, Bulk API 2.0 for large ones."""

from loader.salesforce.destination import Salesforce

__all__ = ["Salesforce"]
