"""Plain exchanges, which nearly all are, without an HTTP library in between; whatever is not plain is handed over."""
