"""Training of networks: the loop, recipes, optimizers, augmentation, pretrained stems, timing and weights."""
