"""Search spaces: which architectures are legal and how each becomes a network. One file is one space."""
