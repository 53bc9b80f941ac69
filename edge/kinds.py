"""Every kind of row that HQ may send down, and who puts it in force here."""

from edge import house, intents, prices, products, routing, staff, stock
from edge.feed_rows import FeedRows
from edge.house import HouseHere
from edge.intents import Intents
from edge.journal import Journal
from edge.menu import Menus
from edge.prices import Prices
from edge.products import Products
from edge.repricing import Repricing
from edge.routing import RoutingHere
from edge.staff import People
from edge.stock import StockKeeping
from edge.taking import Taking

MENU = "menu"


def feed_rows_of(
    journal: Journal,
    menus: Menus,
    products_here: Products,
    taking: Taking,
    repricing: Repricing,
    people: People,
) -> FeedRows:
    """The rows of HQ's feed with all kinds that this build knows."""
    rows = FeedRows(
        journal,
        {
            MENU: menus,
            prices.KIND: Prices(journal),
            products.KIND: products_here,
            stock.KIND: StockKeeping(),
            routing.KIND: RoutingHere(),
            house.KIND: HouseHere(journal),
            staff.KIND: people,
            intents.KIND: Intents(taking),
        },
    )
    # In this order: orders are priced anew from what is in force at the end of the page.
    rows.after += [products_here.settle, repricing.follow, menus.refresh]
    return rows
