"""Menus as other systems write them, small and made up here."""

import json

import pytest

from protocol.importing import Wanted, read_any
from protocol.money import CURRENCIES


@pytest.fixture
def read():
    """Read bytes, text, or something to be written as JSON, in a format."""

    def read(name, given, currency="USD", language="en", current=None):
        if not isinstance(given, bytes | str):
            given = json.dumps(given)
        data = given if isinstance(given, bytes) else given.encode()
        return read_any(name, data, Wanted(CURRENCIES[currency], language), current)

    return read


@pytest.fixture
def cone():
    """A Square item with two sizes and a list of toppings, which is an object of its own."""
    return [
        {
            "id": "CONE",
            "type": "ITEM",
            "item_data": {
                "name": "vanilla \u0007 cone",
                "description": "Two scoops",
                "image_ids": ["PIC"],
                "category_id": "COLD",
                "modifier_list_info": [{"modifier_list_id": "TOP"}],
                "variations": [
                    {"id": "S", "item_variation_data": {"name": "small", **price(300)}},
                    {
                        "id": "L",
                        "item_variation_data": {"name": "large", "sku": "77", **price(450)},
                    },
                ],
            },
        },
        {"id": "COLD", "type": "CATEGORY", "category_data": {"name": "ice cream"}},
        {"id": "PIC", "type": "IMAGE", "image_data": {"url": "https://pictures.example/cone.jpg"}},
        {
            "id": "TOP",
            "type": "MODIFIER_LIST",
            "modifier_list_data": {
                "name": "topping",
                "selection_type": "SINGLE",
                "modifiers": [
                    {"id": "FUDGE", "modifier_data": {"name": "fudge", **price(75)}},
                    {"id": "NONE", "modifier_data": {"name": "none"}},
                ],
            },
        },
    ]


def price(amount, **more):
    return {"price_money": {"amount": amount, **more}}


@pytest.fixture
def noodles():
    """A delivery platform's menu: a dish in two sizes, with what must be chosen and what may be."""
    return {
        "vendor": {"currency": "THB", "languages": ["th", "en"]},
        "items": [
            {
                "id": 7,
                "category": {"th": "ก๋วยเตี๋ยว", "en": "Noodles"},
                "name": {"th": "ผัดไทย", "en": "Pad Thai"},
                "description": {"th": "", "en": "With peanuts"},
                "variations": [
                    {
                        "id": 71,
                        "name": {"th": "เล็ก", "en": "Small"},
                        "price": 60.5,
                        "topping_group_ids": [1],
                    },
                    {
                        "id": 72,
                        "name": {"th": "ใหญ่", "en": "Large "},
                        "price": 80,
                        "price_before_discount": 90,
                        "topping_group_ids": [1, 2],
                    },
                ],
            }
        ],
        "topping_groups": [
            {
                "id": 1,
                "name": {"th": "เลือก", "en": "Choose meat"},
                "quantity_minimum": 1,
                "quantity_maximum": 1,
                "options": [
                    {"id": 11, "name": {"th": "หมู", "en": "Pork"}, "price": 0},
                    {"id": 12, "name": {"th": "กุ้ง", "en": "Shrimp"}, "price": 20},
                ],
            },
            {
                "id": 2,
                "name": {"th": "เลือก", "en": "More"},
                "quantity_minimum": 0,
                "quantity_maximum": 3,
                "options": [{"id": 11, "name": {"th": "ไข่", "en": "Egg"}, "price": 10}],
            },
        ],
    }
