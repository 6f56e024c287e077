"""Encodings: architectures as decisions, paths, walks and tensors; tasks, devices and operators as sentence vectors."""
