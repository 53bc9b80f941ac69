"""The outlet's own network: the MQTT broker, the link to it, and how screens find the box."""
