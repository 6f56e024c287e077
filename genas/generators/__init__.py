"""Learned distributions over architectures: graph diffusion, a language model, and the conditions of both."""
