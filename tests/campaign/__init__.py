"""A campaign: rude devices, failing clients and receivers, a bridge that is killed; and the books at the end."""
