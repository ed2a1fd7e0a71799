"""What tests of stores have in common."""

from tests.support.clusters import postgresql, valkey  # noqa: F401
