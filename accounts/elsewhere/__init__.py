"""What the identity provider and Resend know of a couple."""
