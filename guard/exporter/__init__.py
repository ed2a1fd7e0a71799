"""WIRES OUT: metrics."""
