"""genas: neural networks from a sentence, generated, ranked, refined and really trained."""

__version__ = "0.1.0"
