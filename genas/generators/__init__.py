"""The learned distribution of architectures: graph diffusion, a language model, and what they can be asked for."""
