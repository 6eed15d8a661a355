"""Text classification: from labelled lines to a classifier, and to labels and scores."""
