"""What `genas fit` can fit: one file is one learner."""
