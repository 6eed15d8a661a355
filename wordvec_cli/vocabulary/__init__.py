"""Vocabularies: the distinct words of a corpus, their numbers and counts, and the files that hold them."""
