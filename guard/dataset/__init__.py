"""WHAT OTHERS HAVE LISTED: finding one's own pictures in data sets, and telling their makers which not to take."""
