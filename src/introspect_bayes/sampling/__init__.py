"""How posteriors are sampled, kept and summarized, whatever the model."""
