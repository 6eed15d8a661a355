"""Work on many machines: the workers of a Ray cluster count, encode and train. The only home of ray."""
