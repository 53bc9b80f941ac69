"""The box's HTTP doors: thin handlers that hand over to the stages."""
