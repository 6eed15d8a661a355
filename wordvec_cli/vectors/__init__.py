"""Words with their vectors: the type, our own file, and what is checked of them."""
