"""What a sentence is about: which data, which task, which machine, and what is not served."""
