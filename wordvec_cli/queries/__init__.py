"""Questions to vectors: words found or missing, and their nearest neighbours."""
