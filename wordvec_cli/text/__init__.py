"""Text: corpora and lists as they are read, and the tokens in them."""
