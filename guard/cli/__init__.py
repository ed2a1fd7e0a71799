"""THE TERMINAL: one file a command group, imports made lazily."""
