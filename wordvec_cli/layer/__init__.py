"""Ids of rows: what an embedding layer reads and looks up, special rows counted in."""
