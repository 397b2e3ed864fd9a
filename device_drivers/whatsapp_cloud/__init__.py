"""The driver for WhatsApp Business numbers, by Meta's Cloud API (graph.facebook.com)."""

from device_drivers.whatsapp_cloud.driver import DRIVER

__all__ = ["DRIVER"]
