"""Menus as other systems write them, small enough to read."""

SQUARE = [
    {
        "id": "A",
        "type": "ITEM",
        "item_data": {
            "name": "Es krim",
            "variations": [
                {
                    "id": "B",
                    "item_variation_data": {
                        "name": "Kecil",
                        "price_money": {"amount": 12000, "currency": "IDR"},
                    },
                }
            ],
        },
    }
]
