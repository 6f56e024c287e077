"""What `genas fit` fits: one file is one kind of model."""
