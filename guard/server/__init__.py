"""SOCKETS: the proxy, its processes and listeners."""
