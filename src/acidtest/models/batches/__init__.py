"""Many calls at once through a provider's batch endpoint."""
