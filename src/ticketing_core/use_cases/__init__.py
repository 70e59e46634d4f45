"""What the core does, one module each: plain functions whose signature lists all they may touch."""
