"""The demo: one outlet and HQ on one machine, with virtual printers and a WAN that can be cut."""
