"""What a training will take, before it begins: memory, disk and seconds."""
