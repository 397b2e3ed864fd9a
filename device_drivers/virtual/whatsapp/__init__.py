"""An emulated WhatsApp Business Platform: the Graph API, people with WhatsApp, and Meta's signed webhooks."""
