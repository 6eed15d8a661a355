"""What other tools call their options, and what we call them: the standard library alone, as commands start with it."""

import re

# What word2vec.c, GloVe, fastText and gensim call it (lower case, no dashes or underscores): what we call it.
OURS = {
    "alpha": "--learning-rate (word2vec's alpha) or --weight-exponent (GloVe's)",
    "bucket": "--buckets",
    "cbow": "--model cbow (or skipgram)",
    "cbowmean": "--cbow-mean",
    "dim": "--vector-size",
    "epoch": "--epochs",
    "eta": "--learning-rate",
    "gradclip": "--gradient-clip",
    "hs": "--loss hierarchical-softmax (or negative-sampling)",
    "input": "an argument: wordvec train CORPUS...",
    "inputfile": "--pairs",
    "iter": "--epochs",
    "label": "--label-prefix",
    "lr": "--learning-rate",
    "maxfinalvocab": "--max-vocab",
    "maxn": "--subwords MINN-MAXN",
    "maxvocab": "--max-vocab",
    "maxvocabsize": "--max-vocab",
    "minalpha": "--min-learning-rate",
    "mincount": "--min-count",
    "mincountlabel": "--min-count-label",
    "minn": "--subwords MINN-MAXN",
    "neg": "--negative",
    "nsexponent": "--noise-exponent",
    "overflowfile": "--tmp-dir",
    "pretrainedvectors": "--init",
    "readvocab": "--vocab",
    "savefile": "--output",
    "savevocab": "wordvec build-vocab CORPUS -o FILE",
    "sg": "--model skipgram (or cbow)",
    "shrinkwindows": "--shrinking-window",
    "size": "--vector-size",
    "skipgram": "--model skipgram",
    "t": "--sample",
    "tempfile": "--tmp-dir",
    "thread": "--threads",
    "threshold": "--threshold (similar), --min-probability (classify) or --phrase-threshold (phrases)",
    "topn": "-k",
    "train": "an argument: wordvec train CORPUS...",
    "useunkvec": "--unknown-vector",
    "vectorsize": "--vector-size",
    "vocabfile": "--vocab",
    "windowsize": "--window",
    "wordngrams": "--word-ngrams",
    "workers": "--threads",
    "ws": "--window",
    "zipf": "--noise-exponent",
}


def plain(name: str) -> str:
    """A name as the tables have it."""
    return re.sub("[-_]", "", name).lower()
