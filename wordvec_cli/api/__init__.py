"""What `import wordvec_cli` gives: words are `str`, vectors numpy arrays, and names gensim's where the thing is its."""
