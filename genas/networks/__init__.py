"""The networks of the search spaces. They import torch only, so that a winner can be exported as such a file."""
