"""THE DEMO: a gallery, clients of every kind, and what happened to them."""
