"""Calls to action in Gainsight's cockpit: made once per account, signal and episode, and then left to their owners."""

from loader.gainsight_cta.destination import GainsightCta

__all__ = ["GainsightCta"]
