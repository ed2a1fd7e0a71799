"""The pages on the admin listener, for whoever has no Grafana."""
