"""THE DECISION: facts in, decision out. No I/O, no clock."""
