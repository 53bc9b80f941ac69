"""What readers of menus say, in Indonesian: sentence by sentence, beside the English they say it in.

Readers speak English, as their tests and the command line do; screens speak both languages. A test
goes through every sentence a reader can say and fails when one is missing here.
"""

from protocol.importing.reading import Finding
from protocol.translating import Sentences

_WHERE = {
    "row {n}": "baris {n}",
    "line {n}": "baris {n}",
    "the file": "berkas",
    "the menu": "menu",
    "discounts": "diskon",
    "modifier {name}": "pilihan {name}",
    "option group {name}": "kelompok pilihan {name}",
    "dish {name}": "hidangan {name}",
    "item {name}": "hidangan {name}",
}
"""Places in a file; any other is the name of a dish."""

_SAID = {
    # a spreadsheet's cells and columns
    "kind {a} is none of item, modifier, station, category": (
        "kind {a} bukan item, modifier, station, atau category"
    ),
    "has no name in the column 'item'": "belum ada nama di kolom 'item'",
    "category {a} has no items": "kategori {a} tidak punya hidangan",
    "modifiers names {a}, but no modifier row has it as category": (
        "modifiers menyebut {a}, tetapi tidak ada baris modifier dengan kategori itu"
    ),
    "has no plu": "belum ada PLU",
    "plu {a} is in row {b} already; each PLU once": "PLU {a} sudah ada di baris {b}; satu PLU sekali saja",
    "has no category": "belum ada kategori",
    "{a} has this variant and size already; two dishes of one name need an id": (
        "{a} sudah punya varian dan ukuran ini; dua hidangan bernama sama perlu id"
    ),
    "available {a} is neither yes nor no": "available {a} bukan ya atau tidak",
    "has no modifier group in the column 'category'": (
        "belum ada kelompok pilihan di kolom 'category'"
    ),
    "max is below min": "max lebih kecil dari min",
    "item {a} is in {b} already": "{a} sudah ada di {b}",
    "station {a} is {b}, none of {c}": "station {a} berjenis {b}, bukan salah satu dari {c}",
    "station {a} is there twice": "station {a} ada dua kali",
    "category {a} has row {b} already": "kategori {a} sudah punya baris {b}",
    "{a} is {b}, but {c} in row {d}": "{a} berisi {b}, padahal {c} di baris {d}",
    "{a} {b} differs from {c} only in spelling": "{a} {b} hanya beda ejaan dari {c}",
    "price {rest}": "harga {rest}",
    "course {rest}": "course {rest}",
    "target {rest}": "target {rest}",
    "min {rest}": "min {rest}",
    "max {rest}": "max {rest}",
    "{quoted} is not a whole number from {b} to {c}": "{quoted} bukan bilangan bulat dari {b} sampai {c}",
    "{quoted} is not an amount; write digits with a point before the decimals, no thousands separators,"
    " no sign, no currency": (
        "{quoted} bukan jumlah uang; tulis angka saja, titik hanya sebelum desimal, tanpa pemisah ribuan,"
        " tanda, atau mata uang"
    ),
    "{quoted} has {b} decimals; {c} is kept in {d} decimals": (
        "{quoted} punya {b} desimal; {c} dicatat dengan {d} desimal"
    ),
    "{quoted} has {b} decimals; {c} is kept in whole amounts": (
        "{quoted} punya {b} desimal; {c} dicatat tanpa desimal"
    ),
    "{quoted} is more than this product counts": "{quoted} melebihi yang bisa dihitung",
    "{a} cells, but the header names {b} columns; a text with a comma in it needs quotes around it": (
        "{a} sel, padahal judulnya {b} kolom; teks yang memuat koma perlu tanda kutip"
    ),
    "is not UTF-8 text; save the file as CSV UTF-8": (
        "bukan teks UTF-8; simpan berkas sebagai CSV UTF-8"
    ),
    "is not CSV ({a}); check its quotes": "bukan CSV ({a}); periksa tanda kutipnya",
    "is not CSV ({a}); check its quotes; nothing after it could be read": (
        "bukan CSV ({a}); periksa tanda kutipnya; yang sesudahnya tidak terbaca"
    ),
    "unknown column {a}; did you mean {b}? Known are {c}. To keep a column of your own, begin its"
    " name with {d}": (
        "kolom {a} tidak dikenal; maksudnya {b}? Yang dikenal: {c}. Kolom sendiri diawali dengan {d}"
    ),
    "unknown column {a}; Known are {c}. To keep a column of your own, begin its name with {d}": (
        "kolom {a} tidak dikenal. Yang dikenal: {c}. Kolom sendiri diawali dengan {d}"
    ),
    "column {a} is there twice": "kolom {a} ada dua kali",
    "the column {a} is missing": "kolom {a} tidak ada",
    # the file as a whole
    "is larger than {a} MB; no menu is. Export only the menu": (
        "lebih besar dari {a} MB; menu tidak sebesar itu. Ekspor menunya saja"
    ),
    "is {a}, not text; open it and save the menu as CSV UTF-8, or export JSON": (
        "bukan teks ({a}); buka lalu simpan menunya sebagai CSV UTF-8, atau ekspor JSON"
    ),
    "is empty": "kosong",
    "does not have the form of this format: {a}": "tidak sesuai bentuk ini: {a}",
    "is nested deeper than any menu": "bersusun lebih dalam dari menu mana pun",
    "is not JSON in UTF-8 ({a}); export it again": "bukan JSON dalam UTF-8 ({a}); ekspor lagi",
    "is no Square catalogue: it has no list of objects": (
        "bukan katalog Square: tidak ada daftar isinya"
    ),
    "is no Square catalogue: one of its objects has no id": (
        "bukan katalog Square: ada isi yang tidak punya id"
    ),
    "has no items with a price": "tidak punya hidangan berharga",
    "has no dishes": "tidak punya hidangan",
    "has no items": "tidak punya hidangan",
    # dishes and modifiers of other systems
    "{a} are not part of a menu; set them in the house rules": (
        "{a} bukan bagian dari menu; atur di aturan outlet"
    ),
    "has no name; give it one in Square": "belum ada nama; beri nama di Square",
    "has no fixed price; it does not come along": "tidak punya harga tetap; tidak ikut masuk",
    "has no price of its own in Square, so it does not come along": (
        "tidak punya harga sendiri di Square, jadi tidak ikut masuk"
    ),
    "names the modifier list {a}, which the file does not have": (
        "menyebut daftar pilihan {a} yang tidak ada di berkas"
    ),
    "asks for {a} of {b}; nothing is asked": "meminta {a} dari {b}; jadi tidak diminta",
    "price {a} is no amount of zero or more; mend it in Square": (
        "harga {a} bukan jumlah nol atau lebih; perbaiki di Square"
    ),
    "is priced in {a}; this business sells in {b}": "berharga dalam {a}; usaha ini menjual dalam {b}",
    "has no name": "belum ada nama",
    "has no price": "belum ada harga",
    "is sold out on the platform; it comes in as to be had, 86 it if it is not": (
        "habis di layanan pesan antar; masuk sebagai tersedia, tandai habis bila memang habis"
    ),
    "comes in at the platform's reduced price {a}, not {b}": (
        "masuk dengan harga promo layanan {a}, bukan {b}"
    ),
    "has a price for its container ({a}) that does not come along": (
        "punya harga kemasan ({a}) yang tidak ikut masuk"
    ),
    "asks for at least {a} and at most {b}": "meminta paling sedikit {a} dan paling banyak {b}",
    "asks for {a} of no options: nobody could order it, so nothing is asked": (
        "meminta {a} tanpa pilihan: tidak bisa dipesan, jadi tidak diminta"
    ),
    "names the option group {a}, which the file does not have": (
        "menyebut kelompok pilihan {a} yang tidak ada di berkas"
    ),
    "price {a} is not a possible amount of {b}; mend it in the export": (
        "harga {a} tidak mungkin dalam {b}; perbaiki di ekspornya"
    ),
    # what no outlet could sell from
    "{a} things to sell; at most {b} fit on a menu": (
        "{a} pilihan untuk dijual; menu memuat paling banyak {b}"
    ),
    "{a} costs more than this product counts": "{a} berharga lebih dari yang bisa dihitung",
    "{a} is longer than {b} letters; shorten it": "{a} lebih panjang dari {b} huruf; pendekkan",
    "currency {a} is not known": "mata uang {a} tidak dikenal",
    "prices are in {a}, the outlets sell in {b}": "harga dalam {a}, outlet menjual dalam {b}",
    "the prices are in {a}, the menu in {b}": "harga dalam {a}, menu dalam {b}",
    "the fallback station {a} is not one of the stations": (
        "station cadangan {a} tidak ada di antara station"
    ),
    "modifier group {a} wants at least {b}, most {c}": (
        "kelompok pilihan {a} meminta paling sedikit {b}, paling banyak {c}"
    ),
    "modifier group {a} wants {b} of nothing": "kelompok pilihan {a} meminta {b} tanpa isi",
    "{a} {b} is there twice ({c})": "{a} {b} ada dua kali ({c})",
    "category {a} goes to unknown station {b}": "kategori {a} menuju station tak dikenal {b}",
    "the backup {a} of station {b} is not one of the stations": (
        "cadangan {a} dari station {b} tidak ada di antara station"
    ),
    "station {a} is its own backup": "station {a} menjadi cadangannya sendiri",
    "station {a} has a target of {b} seconds": "station {a} punya target {b} detik",
    "item {a} has no name": "hidangan {a} belum ada nama",
    "item {a} has no variant, so no price": "hidangan {a} tanpa varian, jadi tanpa harga",
    "item {a} is in unknown category {b}": "hidangan {a} di kategori tak dikenal {b}",
    "item {a} has a target of {b} seconds": "hidangan {a} punya target {b} detik",
    "item {a} uses unknown modifier group {b}": "hidangan {a} memakai kelompok pilihan tak dikenal {b}",
    "{a} ({b}) names {c}, which is no modifier group of its item": (
        "{a} ({b}) menyebut {c}, yang bukan kelompok pilihan hidangannya"
    ),
    "{a} ({b}) has a price below zero": "{a} ({b}) berharga di bawah nol",
    "{a} ({b}) can be brought below zero by its modifiers": (
        "{a} ({b}) bisa menjadi di bawah nol oleh pilihannya"
    ),
}

_PLACES = Sentences(_WHERE)
_SENTENCES = Sentences(_SAID)


def finding_in_indonesian(finding: Finding) -> str:
    """The finding as a person reads it, with its place; English where we have no Indonesian."""
    said = sentence_in_indonesian(finding.said) or finding.said
    return f"{_PLACES.translate(finding.where) or finding.where}: {said}"


def sentence_in_indonesian(english: str) -> str | None:
    """One sentence; None for one that is not in the table."""
    return _SENTENCES.translate(english)
