"""An account that has left its traces wherever one can, is deleted; then all of it is searched."""
