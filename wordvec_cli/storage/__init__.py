"""Files, whatever they hold: streams, names for the time being, outputs that appear whole, safetensors and npy."""
