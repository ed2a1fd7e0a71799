"""A case becomes one file that an expert can check with tools of his own. Pure: values in, bytes out."""
