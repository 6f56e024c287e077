"""Networks that winners are exported from; they import torch only."""
