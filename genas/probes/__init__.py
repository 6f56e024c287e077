"""Statistics of untrained networks. A zero-cost proxy is a scorer of 20 lines over them."""
