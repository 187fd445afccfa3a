"""Cases on their way to the provincial platform, and steps on their way to webhooks."""
