"""What an untrained network shows; a training-free proxy is a scorer of 20 lines over it."""
