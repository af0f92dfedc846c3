"""Gainsight by files: what its S3 connector reads, in a folder or a bucket (contract section 10)."""

from loader.gainsight_s3.destination import GainsightS3, addressed
from loader.gainsight_s3.models import as_file

__all__ = ["GainsightS3", "addressed", "as_file"]
