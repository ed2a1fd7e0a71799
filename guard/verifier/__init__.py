"""What a bundle is checked with: three programs that share nothing with what wrote it."""
