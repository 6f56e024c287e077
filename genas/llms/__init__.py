"""LangChain chat models that need no network; each file without an underscore is one model.

The other files are what all plug-ins that ask a chat model share: reaching a model, its answer within a time limit,
prompts, and architectures as text.
"""
