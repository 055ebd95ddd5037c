"""What is asked of a model, and all that is fixed before anybody asks."""
