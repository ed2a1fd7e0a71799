"""WHAT CRAWLERS ARE TOLD, rendered from one rights statement. No I/O."""
