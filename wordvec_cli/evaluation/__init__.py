"""How good vectors are: sets of questions, scores, and how far scores would move by chance."""
