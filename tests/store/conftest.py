"""What tests of stores have in common."""

from tests.support.clusters import valkey  # noqa: F401
