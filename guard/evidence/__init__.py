"""WHAT IS KEPT AND PROVED: leaves, tree, checkpoints. No I/O."""
