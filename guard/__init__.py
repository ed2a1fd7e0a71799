"""A reverse proxy that tells AI crawlers your pictures are reserved, refuses them, and keeps evidence."""

__version__ = "0.1.0"
