"""Networks and the one training loop. Knows tensors and core records, no plug-in."""
