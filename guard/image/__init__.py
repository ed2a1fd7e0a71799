"""WHAT IS DONE TO A PICTURE. Bytes in, bytes out, no I/O."""
