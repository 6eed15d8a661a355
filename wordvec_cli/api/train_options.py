"""The options that `train` takes by keyword."""

from collections.abc import Sequence
from typing import Literal

from wordvec_cli.api.corpora import AnyPath
from wordvec_cli.api.options import CorpusOptions


class TrainOptions(CorpusOptions, total=False):
    """How vectors are trained: the options of `wordvec train`, whose --help says more, with their defaults.

    Model
      model="skipgram"      or "cbow", "glove"
      vector_size=100       numbers in a vector
      window=5              words on each side that are context, at most; glove: 15
      fixed_window=False    take the whole window, or draw it for each word
      epochs                passes over the corpus, or its pairs; by default 5 to 40, the more the smaller the corpus;
                            cbow: twice as many; glove: 25
      learning_rate=0.05    the step size at the start
      min_learning_rate     the step size at the end; by default a ten-thousandth of learning_rate
      seed=1                of the random numbers
      deterministic=False   give the same numbers with any number of threads; slower, but for glove, which always does
    skipgram and cbow
      loss="negative-sampling"  or "hierarchical-softmax"
      negative=5            noise words for each pair
      noise_exponent=0.75   noise words are drawn in proportion to count ** noise_exponent
      sample=0.001          share of the corpus above which a word's occurrences are dropped at random; 0: none are
      cbow_mean=True        cbow: predict from the mean of the context vectors; False: from their sum
      cbow_gradient="sum"   cbow: add the whole error to each context vector; "mean": its share
      subwords              make words' vectors of those of their n-grams too, as "3-6"; unknown words then have some
      buckets=2000000       into how many n-grams are hashed; those of one bucket share a vector
    glove
      pairs                 a file of pairs to train on instead of a corpus
      symmetric=True        count the words on both sides; False: those before
      distance_weighting=True  count nearer words more
      unknown="skip"        words outside the vocabulary make no gap; "gap": they do
      x_max=10              pairs with this weight or more count fully
      weight_exponent=0.75  other pairs count (weight / x_max) ** weight_exponent
      gradient_clip=100     the largest component of a gradient
      combine="sum"         of a word's two vectors; "word": the first alone; "concat": both in a row
      unknown_vector=False  keep the mean of the rarest words, for unknown words
    Defaults of others
      preset                "word2vec", "gensim", "fasttext", "gensim-fasttext", "glove-2014", "glove-2024":
                            their defaults
      like                  a vector file whose options are the defaults
      engine="wordvec"      or "gensim", for comparison
    Words
      min_count=5           leave out words that occur less often
      max_vocab             keep only the most frequent words
    Output and progress
      output                a file that is written too
      to                    its format, if its name does not tell
      save_context=False    keep the output vectors in it too
      eval_set              a file of questions, or several, that the vectors are scored on after each epoch
      early_stopping        stop when the score has not risen for so many epochs
      checkpoint_every=10   minutes between checkpoints, which are beside the output
      resume=False          continue from the checkpoint
    Machine
      threads               by default the usable CPUs
      memory                in bytes, or such as "1GB", for counting; by default 64 MB, glove: 1 GB
      tmp_dir               for temporary files; by default the folder of the system
    """

    output: AnyPath
    to: str
    model: Literal["skipgram", "cbow", "glove"]
    preset: str
    like: AnyPath
    engine: Literal["wordvec", "gensim"]
    vector_size: int
    window: int
    fixed_window: bool
    epochs: int
    learning_rate: float
    min_learning_rate: float
    loss: Literal["negative-sampling", "hierarchical-softmax"]
    negative: int
    noise_exponent: float
    sample: float
    cbow_mean: bool
    cbow_gradient: Literal["sum", "mean"]
    subwords: str
    buckets: int
    pairs: AnyPath
    symmetric: bool
    distance_weighting: bool
    unknown: Literal["skip", "gap"]
    x_max: float
    weight_exponent: float
    gradient_clip: float
    combine: Literal["word", "sum", "concat"]
    unknown_vector: bool
    save_context: bool
    min_count: int
    max_vocab: int
    eval_set: AnyPath | Sequence[AnyPath]
    early_stopping: int
    checkpoint_every: float
    resume: bool
    seed: int
    deterministic: bool
    threads: int
    memory: int | str
    tmp_dir: AnyPath
