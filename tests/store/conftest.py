"""What tests of stores have in common."""

from tests.support.clusters import postgresql, s3, valkey  # noqa: F401
