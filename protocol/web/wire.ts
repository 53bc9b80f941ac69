// Generated from the structs of protocol/*.py by `npm run wire`; not edited by hand.
// tests/test_wire_fresh.py fails when it is stale.

/** The yes to a command: it is on disk at `position`. `repeated`: it was taken before, once. */
export interface Accepted {
  type: "accepted";
  command_id: string;
  position: number;
  repeated: boolean;
  order: Order | null;
  events: string[];
  proof: string;
}

/** Add lines to an order; on a fired order they go to the kitchen at once. */
export interface AddLines {
  type: "lines.add";
  order_id: string;
  lines: NewLine[];
}

/** Take something off a bill or a line: a discount, a comp, a coupon. */
export interface Adjust {
  type: "bill.adjust";
  order_id: string;
  adjustment_id: string;
  kind?: AdjustmentKind;
  line_id?: string | null;
  preset_id?: string;
  percent?: string | null;
  amount?: number | null;
  code?: string;
  reason?: string;
  approval_id?: string | null;
}

/** Something taken off a bill: off one line, or off all of it (then shared out over the lines). */
export interface Adjustment {
  adjustment_id: string;
  kind: AdjustmentKind;
  names: Record<string, string>;
  line_id: string | null;
  percent: string | null;
  amount: number | null;
  reason: string;
  promotion_id: string;
  code: string;
  staff: string | null;
  approved_by: string | null;
  given: number;
}

export type AdjustmentKind = "discount" | "comp" | "promotion" | "coupon";

/** Somebody lets a device in. `code`: what they read on it, when they typed it instead of */
export interface Approval {
  by: string;
  code: string | null;
  name: string | null;
  kind: DeviceKind | null;
}

/** Payload of an availability topic. */
export interface Availability {
  item_id: string;
  eighty_six: boolean;
  position: number;
}

/** Everything a bill is worked out by. An order keeps the rules it was placed under. */
export interface BillRules {
  version: number;
  from_date: string;
  taxes: Tax[];
  service: Service | null;
  per: Per;
  rounding: string;
  total_step: number;
  cash_step: number | null;
  cash_rounding: string;
}

/** Bills of the period's orders, and money given back in the period; minor units. */
export interface BillSums {
  gross: number;
  discounts: number;
  comps: number;
  promotions: number;
  coupons: number;
  service: number;
  taxes: TaxSum[];
  rounding: number;
  total: number;
  credited: number;
  net: number;
  service_included: number;
  tips: number;
  cash_rounding: number;
  refunds: RefundSum[];
  voids: number;
  void_amount: number;
}

/** Heartbeat payload. A display that has seen none for ten seconds says so. */
export interface BoxStatus {
  online: boolean;
  position: number;
  boot: string;
  at_ms: number;
  every_ms: number;
  replicated: number;
}

/** A station has finished lines of an order: all of its fired ones when none are named. */
export interface BumpTicket {
  type: "ticket.bump";
  order_id: string;
  station_id: string;
  line_ids?: string[];
}

/** One place of a combo: so many of any of these items or variants. */
export interface Bundle {
  ids: string[];
  quantity: number;
}

/** Lines by id. A line nobody wants any more stays with quantity 0, so that a join remembers. */
export interface Cart {
  lines: Record<string, CartLine>;
}

/** A modifier on a line of a cart. */
export interface CartChoice {
  modifier_id: string;
  quantity: number;
}

/** One line of a cart: what it is never changes, how many is in the tallies by actor. */
export interface CartLine {
  variant_id: string;
  choices: CartChoice[];
  tallies: Record<string, Tally>;
  note: CartNote;
}

/** A note on a line: the last one written wins, by (stamp, actor, text). */
export interface CartNote {
  stamp: number;
  actor: string;
  text: string;
}

export type CashKind = "paid_in" | "paid_out" | "drop";

/** A group of items on the order screens, in order of `rank`. */
export interface Category {
  id: string;
  names: Record<string, string>;
  rank: number;
  colour: string | null;
  station_ids: string[];
}

/** What a category of the menu sold, before anything was taken off. */
export interface CategoryFigure {
  category_id: string;
  units: number;
  amount: number;
}

/** One journal entry and what it made of its subject. */
export interface Change {
  type: "change";
  position: number;
  kind: string;
  key: string;
  event: string;
  value: unknown;
}

/** Where and how the party eats, all of it as it shall be from now on: a table moved, a tab named. */
export interface ChangeDetails {
  type: "order.details";
  order_id: string;
  table?: string | null;
  tab_name?: string | null;
  covers?: number | null;
  dining_option?: DiningOption;
}

/** A line's note, seat and course as they shall be; note and course only while it waits. */
export interface ChangeLine {
  type: "line.change";
  order_id: string;
  line_id: string;
  note?: string;
  seat?: number | null;
  course?: number;
}

/** Move an order on by hand: held, open, fired, ready, served or cancelled (with a reason). */
export interface ChangeOrderStatus {
  type: "order.status";
  order_id: string;
  status: OrderStatus;
  reason?: string;
  approval_id?: string | null;
}

/** What one guest or group of a party pays: their lines, or `parts` of the whole, or an amount. */
export interface Check {
  check_id: string;
  name: string;
  lines: CheckLine[];
  parts: number | null;
  amount: number | null;
  total: number;
}

/** A line's part in a check: `parts` of `of`. */
export interface CheckLine {
  line_id: string;
  parts: number;
  of: number;
}

/** A modifier chosen for a line, with its name and price (minor units, per item) as sold. */
export interface Choice {
  modifier_id: string;
  names: Record<string, string>;
  price: number;
  quantity: number;
}

/** Somebody begins to work. */
export interface ClockIn {
  type: "staff.clock_in";
  staff_id: string;
}

/** Somebody ends work, or begins a break. */
export interface ClockOut {
  type: "staff.clock_out";
  staff_id: string;
  on_break?: boolean;
}

/** Close business dates up to this one (ISO), each that has anything in it, with a Z report. */
export interface CloseDay {
  type: "day.close";
  close_id: string;
  business_date: string;
  knowing?: string[];
}

/** Close a till with what was counted in it, before it is shown what should be there. */
export interface CloseShift {
  type: "shift.close";
  shift_id: string;
  counted: number;
  reason?: string;
}

export type Confidence = "synced" | "free" | "uncertain" | "recorded";

/** So many units of an item are here now; from then on it is counted down by sales. */
export interface CountStock {
  type: "stock.count";
  item_id: string;
  quantity: number;
}

/** How one currency is kept, shown and paid in cash. */
export interface Currency {
  code: string;
  scale: number;
  display: number;
  cash_step: number;
  symbol: string;
  group: string;
  point: string;
  iso_digits: number;
  cash_digits: number;
  stripe: number | null;
}

/** What a Z report says: everything since the last one up to a business date. Minor units. */
export interface DayFigures {
  business_date: string;
  orders: number;
  covers: number;
  units: number;
  gross: number;
  discounts: number;
  comps: number;
  service: number;
  taxes: TaxFigure[];
  rounding: number;
  total: number;
  tenders: TenderFigure[];
  voids: number;
  void_amount: number;
  cancelled: number;
  refunds: number;
  refund_amount: number;
  shifts: Shift[];
  categories: CategoryFigure[];
  earlier: number;
}

export type Delivery = "queued" | "sent" | "rerouted" | "escalated" | "shown" | "printed" | "bumped";

/** A device as the devices page shows it. */
export interface DeviceCard {
  device: string;
  kind: DeviceKind;
  name: string;
  paired_ms: number;
  online: boolean;
  last_seen_ms: number | null;
  revoked_ms: number | null;
  presence: Presence | null;
}

export type DeviceKind = "kitchen" | "counter" | "kiosk" | "board";

export type DiningOption = "dine_in" | "takeaway" | "delivery";

/** A discount that staff may choose, instead of typing one. */
export interface DiscountPreset {
  id: string;
  names: Record<string, string>;
  percent: string | null;
  amount: number | null;
  kind: AdjustmentKind;
  needs_approval: boolean;
}

/** Write a product field (`protocol.products.FIELDS`); HQ and all outlets follow. */
export interface EditProduct {
  type: "product.edit";
  item_id: string;
  field: string;
  value: string;
}

/** The item is sold out at this outlet. */
export interface EightySixItem {
  type: "item.eighty_six";
  item_id: string;
  reason?: string;
}

/** A command with its identity and circumstances. */
export interface Envelope {
  command_id: string;
  command: PlaceOrder | AddLines | VoidLine | HoldOrder | RecallOrder | FireOrder | RushOrder | ChangeOrderStatus | TenderPayment | BumpTicket | RecallTicket | EightySixItem | RestoreItem | MergeCart | EditProduct | CountStock | MoveStock | ChangeDetails | ChangeLine | Adjust | RemoveAdjustment | SplitChecks | TransferLines | RefundPayment | ReopenOrder | OpenShift | MoveCash | OpenDrawer | CloseShift | CloseDay | ClockIn | ClockOut;
  screen?: string;
  staff?: string | null;
  device_ms?: number | null;
  happened_ms?: number | null;
  accepted?: Order | null;
  offered?: boolean;
  proof?: string;
}

/** One row: what was sold under `key` (a date, an hour, an id), called `name` for people. */
export interface Figure {
  key: string;
  orders: number;
  lines: number;
  units: number;
  amount_minor: number;
  amount: string;
  name: string;
}

/** Release waiting lines to the kitchen: those of these courses, or all when none are named. */
export interface FireOrder {
  type: "order.fire";
  order_id: string;
  courses?: number[];
}

/** An approval: `by` allows one thing about one order up to an amount, once, for ten minutes. */
export interface Given {
  approval_id: string;
  by: string;
  action: May;
  subject: string;
  amount: number | null;
  at_ms: number;
  expires_ms: number;
  used: boolean;
}

/** The box is alive; nothing after `position` has happened. `notices` are what is wrong. */
export interface Heartbeat {
  type: "heartbeat";
  position: number;
  boot: string;
  unsent: number;
  notices: Notice[];
  replicated: number;
  menu_revision: string;
  here: Here[];
  taking_orders: TakingOrders;
  at_ms: number;
}

/** A screen that has an order open now; `name` is what people call the screen or who is at it. */
export interface Here {
  screen: string;
  name: string;
  order_id: string | null;
}

/** Park an order that the kitchen has not been told of. */
export interface HoldOrder {
  type: "order.hold";
  order_id: string;
}

/** Everything an outlet's floor goes by. `version` rises with each publish. */
export interface House {
  version: number;
  bill: RuleBook;
  promotions: Promotion[];
  discounts: DiscountPreset[];
  reasons: Reasons;
  limits: Limits;
  sections: Section[];
  tills: TillPlan[];
  till_needed: boolean;
  tips: string[];
  kiosk: KioskPlan;
  dayparts: Offered[];
  favourites: string[];
}

/** Something guests can order; it has one variant or several. */
export interface Item {
  id: string;
  category_id: string;
  names: Record<string, string>;
  variants: Variant[];
  descriptions: Record<string, string>;
  modifier_group_ids: string[];
  course: number;
  station_ids: string[];
  tax_class: string;
  rank: number;
  available: boolean;
  photo: string | null;
  availability: Record<string, string>;
  allergens: string[];
  target_s: number | null;
}

/** What guests meet at the kiosk. */
export interface KioskPlan {
  greeting: Record<string, string>;
  hours: Span[];
  upsell: string[];
  tenders: string[];
  ask_table: boolean;
  idle_s: number;
  dining_options: string[];
}

/** What somebody of a lower role may do without asking. */
export interface Limits {
  discount_percent: string;
  paid_out: number;
  over_short: number;
  void_fired: boolean;
}

/** One variant × quantity with its choices, as sold: names and prices are kept, not looked up. */
export interface Line {
  line_id: string;
  item_id: string;
  variant_id: string;
  plu: string;
  names: Record<string, string>;
  variant_names: Record<string, string>;
  category_id: string;
  size: string | null;
  quantity: number;
  unit_price: number;
  expected: number;
  amount: number;
  choices: Choice[];
  note: string;
  seat: number | null;
  course: number;
  station_ids: string[];
  tax_class: string;
  price_reason: string | null;
  menu_version: number;
  price_version: number;
  status: LineStatus;
  bumped: string[];
  fired_ms: number | null;
  void_reason: string | null;
  priced_ms: number;
  price_names: Record<string, string>;
  counted: boolean;
  allergens: string[];
  target_s: number | null;
  expo_ids: string[];
  reduced: number;
}

/** One line at one station. `by` is what people call the screen or printer. */
export interface LineDelivery {
  line_id: string;
  station_id: string;
  state: Delivery;
  by: string;
  at_ms: number;
}

export type LineStatus = "waiting" | "fired" | "ready" | "served" | "voided";

export type May = "order" | "pay" | "kitchen" | "void_fired" | "comp" | "discount" | "discount_over" | "cancel" | "refund" | "reopen" | "till" | "no_sale" | "paid_out_over" | "close_day" | "stock" | "products" | "devices" | "import";

/** Everything one outlet sells, published whole by HQ; `version` rises with each publish. */
export interface Menu {
  version: number;
  currency: string;
  items: Item[];
  categories: Category[];
  stations: Station[];
  fallback_station: string;
  modifier_groups: ModifierGroup[];
  languages: string[];
}

/** Payload of the menu topic. */
export interface MenuNews {
  version: number;
  position: number;
}

/** Join a screen's cart into an open order: its own edits and what it had seen of others'. */
export interface MergeCart {
  type: "cart.merge";
  order_id: string;
  cart: Cart;
}

/** One allowed change to an item; `price` in minor units is added per item. */
export interface Modifier {
  id: string;
  names: Record<string, string>;
  price: number;
  dining_prices: Record<string, number>;
}

/** Modifiers of which at least `min` and at most `max` are chosen per item. */
export interface ModifierGroup {
  id: string;
  names: Record<string, string>;
  modifiers: Modifier[];
  min: number;
  max: number;
}

/** Put cash in or take it out without a sale. */
export interface MoveCash {
  type: "cash.move";
  shift_id: string;
  move_id: string;
  kind: CashKind;
  amount: number;
  reason?: string;
  approval_id?: string | null;
}

/** Units of an item came (+, a delivery) or went (−, waste). */
export interface MoveStock {
  type: "stock.move";
  item_id: string;
  delta: number;
  reason?: string;
}

/** A modifier wanted on a line. */
export interface NewChoice {
  modifier_id: string;
  quantity?: number;
}

/** A line as a screen asks for it. `amount` (minor units) is for imports: what was charged. */
export interface NewLine {
  line_id: string;
  variant_id: string;
  quantity?: number;
  choices?: NewChoice[];
  note?: string;
  seat?: number | null;
  course?: number | null;
  amount?: number | null;
}

/** Something staff should know about, in English and Indonesian; `code` names its kind. */
export interface Notice {
  code: string;
  en: string;
  id: string;
}

/** When an item or category is to be had: breakfast until eleven. Others always are. */
export interface Offered {
  ids: string[];
  spans: Span[];
}

/** Open the drawer without a sale (no-sale). */
export interface OpenDrawer {
  type: "drawer.open";
  shift_id: string;
  open_id: string;
  reason?: string;
  approval_id?: string | null;
}

/** Open a till with so much cash in its drawer. */
export interface OpenShift {
  type: "shift.open";
  shift_id: string;
  till_id: string;
  opening: number;
}

/** What one party asked for. Its identity is `order_id`; `number` is only what is called out. */
export interface Order {
  order_id: string;
  number: string;
  business_date: string;
  hour: number;
  placed_ms: number;
  confidence: Confidence;
  status: OrderStatus;
  source: Source;
  dining_option: DiningOption;
  lines: Line[];
  totals: Totals;
  currency: string;
  menu_version: number;
  payments: Payment[];
  table: string | null;
  tab_name: string | null;
  covers: number | null;
  screen: string;
  staff: string | null;
  device_ms: number | null;
  fired_ms: number | null;
  ready_ms: number | null;
  served_ms: number | null;
  cancel_reason: string | null;
  cart: Cart | null;
  rush: boolean;
  rules: BillRules | null;
  adjustments: Adjustment[];
  checks: Check[];
  refunds: Refund[];
  merged_into: string | null;
  reopened: boolean;
}

/** Payload of an order or payment topic: where it stands now. */
export interface OrderNews {
  order_id: string;
  number: string;
  status: string;
  total: number;
  due: number;
  position: number;
}

export type OrderStatus = "held" | "open" | "fired" | "ready" | "served" | "closed" | "cancelled";

/** One thing that is not done at the close, and where it is: an order, a shift, a paper, a screen. */
export interface Outstanding {
  kind: string;
  id: string;
  label: string;
  where: string;
  amount: number;
  blocks: boolean;
}

/** What an approved device gets, once: its name on the broker, and its token for both doors. */
export interface Paired {
  device: string;
  token: string;
  outlet: string;
  outlet_name: string;
  kind: DeviceKind;
  name: string;
}

/** A device asks to join. It collects its token with a secret of its own, known to it alone. */
export interface PairingAsked {
  kind: DeviceKind;
  name: string;
  secret_hash: string;
  product: string;
}

/** The box's answer: the code that people compare, and until when it holds (Unix milliseconds). */
export interface PairingCode {
  pairing_id: string;
  code: string;
  expires_ms: number;
  fingerprint: string;
}

/** A device that waits to be let in, as whoever decides sees it; `address` is where it asks from. */
export interface PairingWaiting {
  pairing_id: string;
  code: string;
  kind: DeviceKind;
  name: string;
  product: string;
  address: string;
  asked_ms: number;
  expires_ms: number;
}

/** A person wants a paper: on `printer`, or where it belongs; `screen` is who asks. */
export interface PaperAsked {
  printer?: string | null;
  screen?: string;
  check_id?: string | null;
}

/** One paper on one printer. */
export interface PaperCard {
  job_id: string;
  printer: string;
  printer_name: string;
  kind: string;
  state: PaperState;
  created_ms: number;
  order_id: string;
  number: string;
  printed_ms: number | null;
  attempts: number;
  copies: number;
  station_id: string | null;
  line_ids: string[];
  moved_to: string | null;
  copy_of: string | null;
  fault_en: string;
  fault_id: string;
  history: PaperStep[];
}

/** Newest first; `more` says that older ones were left out. */
export interface PaperList {
  papers: PaperCard[];
  more: boolean;
}

export type PaperState = "queued" | "printing" | "printed" | "held" | "failed" | "moved" | "discarded";

/** One thing that happened to a paper; `by` is the screen that asked, or a printer's id. */
export interface PaperStep {
  at_ms: number;
  what: string;
  en: string;
  id: string;
  by: string;
}

/** A tender applied to an order: `amount` counts towards it, `tendered − amount` is the change. */
export interface Payment {
  payment_id: string;
  tender: string;
  amount: number;
  tendered: number;
  change: number;
  at_ms: number;
  label: string;
  check_id: string | null;
  tip: number;
  rounding: number;
  shift_id: string | null;
  staff: string | null;
  reference: string;
}

export type Per = "line" | "order";

/** Somebody who may sign in here, as screens show them: no PIN, no hash. */
export interface PersonCard {
  staff_id: string;
  name: string;
  role: Role;
  language: string;
  may: May[];
  clocked_in: boolean;
}

/** Take an order. It goes to the kitchen at once unless `hold`. */
export interface PlaceOrder {
  type: "order.place";
  order_id: string;
  lines: NewLine[];
  source?: Source;
  dining_option?: DiningOption;
  table?: string | null;
  tab_name?: string | null;
  covers?: number | null;
  hold?: boolean;
  menu_version?: number | null;
  expected_total?: number | null;
  fire_courses?: number[] | null;
  codes?: string[];
}

/** Payload of a presence topic. `stations`: whose tickets a display shows; `+` is all of them. */
export interface Presence {
  device: string;
  name: string;
  kind: string;
  online: boolean;
  stations: string[];
  at_ms: number;
  product: string;
  battery: number | null;
  paper: string;
}

/** One printer and how it is, in words; `code` is empty when it prints. `since_ms`: in trouble */
export interface PrinterCard {
  printer: string;
  name: string;
  kind: string;
  address: string;
  profile: string;
  ok: boolean;
  en: string;
  id: string;
  code: string;
  since_ms: number | null;
  paper_low: boolean;
  stations: string[];
  receipts: boolean;
  backup: string | null;
  waiting: number;
  aside: number;
}

/** An offer that applies by itself, or when its coupon `code` was given. */
export interface Promotion {
  id: string;
  names: Record<string, string>;
  spans: Span[];
  ids: string[];
  percent: string | null;
  amount: number | null;
  buy: number;
  get: number;
  bundle: Bundle[];
  bundle_price: number | null;
  min_spend: number;
  code: string;
  dining_options: string[];
  rank: number;
  alone: boolean;
  uses: number | null;
}

/** Reasons staff choose from; a list that is empty means that they type one. */
export interface Reasons {
  void: Record<string, string>[];
  comp: Record<string, string>[];
  discount: Record<string, string>[];
  refund: Record<string, string>[];
  cash: Record<string, string>[];
  over_short: Record<string, string>[];
}

/** Bring a held order back to a screen. */
export interface RecallOrder {
  type: "order.recall";
  order_id: string;
}

/** Bring a bumped ticket back to its station's display. */
export interface RecallTicket {
  type: "ticket.recall";
  order_id: string;
  station_id: string;
  line_ids?: string[];
}

/** Money given back. `credit` is the part of `amount` by which the sale itself became smaller. */
export interface Refund {
  refund_id: string;
  amount: number;
  tender: string;
  at_ms: number;
  credit: number;
  lines: RefundLine[];
  payment_id: string | null;
  reason: string;
  rounding: number;
  staff: string | null;
  approved_by: string | null;
  shift_id: string | null;
  business_date: string;
  tip: number;
}

/** So many of a line that the guest does not pay for after all. */
export interface RefundLine {
  line_id: string;
  quantity: number;
}

/** Give money back: for `lines` that were sold (their part of the bill is worked out), or */
export interface RefundPayment {
  type: "payment.refund";
  order_id: string;
  refund_id: string;
  tender?: string;
  lines?: RefundLine[];
  amount?: number | null;
  payment_id?: string | null;
  reason?: string;
  till_id?: string | null;
  approval_id?: string | null;
  tip?: number | null;
}

/** What was given back by one tender; minor units. */
export interface RefundSum {
  tender: string;
  count: number;
  amount: number;
  rounding: number;
  tips: number;
}

/** Charge again what an adjustment took off. */
export interface RemoveAdjustment {
  type: "bill.unadjust";
  order_id: string;
  adjustment_id: string;
}

/** Bring back a closed order, to put its payments right. */
export interface ReopenOrder {
  type: "order.reopen";
  order_id: string;
  reason?: string;
  approval_id?: string | null;
}

/** The item is available again. */
export interface RestoreItem {
  type: "item.restore";
  item_id: string;
}

/** Somebody takes a device's right away, and why. */
export interface Revocation {
  by: string;
  reason: string;
}

export type Role = "owner" | "admin" | "manager" | "cashier" | "kitchen";

/** Bill rules with their dates: what holds next year can be published today. */
export interface RuleBook {
  rules: BillRules[];
}

/** Ask the kitchen to make an order before others, or not any more. */
export interface RushOrder {
  type: "order.rush";
  order_id: string;
  rush?: boolean;
}

/** Sales of business dates from `first` to `last`, both included. */
export interface SalesReport {
  currency: string;
  first: string;
  last: string;
  totals: Figure;
  by_day: Figure[];
  by_hour: Figure[];
  by_category: Figure[];
  by_size: Figure[];
  by_item: Figure[];
  by_tender: Figure[];
  bill: BillSums;
}

/** A part of the outlet with its tables. */
export interface Section {
  id: string;
  names: Record<string, string>;
  tables: Table[];
}

/** The service charge: the outlet's revenue on a line of its own, not a tax. */
export interface Service {
  names: Record<string, string>;
  percent: string;
  base: ServiceBase;
  taxed: boolean;
  included: boolean;
  dining_options: string[];
  min_covers: number;
}

export type ServiceBase = "after_discount" | "before_discount";

/** Somebody is signed in; `token` goes into each request. It is empty when only looked up. */
export interface Session {
  person: PersonCard;
  begun_ms: number;
  token: string;
}

/** A drawer from opening to close, with what moved beside sales; minor units. */
export interface Shift {
  shift_id: string;
  till_id: string;
  opened_ms: number;
  opened_by: string | null;
  business_date: string;
  opening: number;
  paid_in: number;
  paid_out: number;
  drops: number;
  no_sales: number;
  closed_ms: number | null;
  closed_by: string | null;
  counted: number | null;
  expected: number | null;
  reason: string;
  unsure: boolean;
  unapproved: number;
  tried: number;
}

/** Payload of a shown topic: sent after drawing, again after each reconnect. */
export interface Shown {
  device: string;
  name: string;
  tickets: ShownTicket[];
}

/** A ticket as a display has drawn it: these lines, of this position. */
export interface ShownTicket {
  ticket_id: string;
  order_id: string;
  station_id: string;
  position: number;
  line_ids: string[];
}

/** All a screen needs to begin: everything up to and with `position`. */
export interface Snapshot {
  type: "snapshot";
  position: number;
  boot: string;
  outlet_name: string;
  menu_version: number;
  eighty_six: string[];
  orders: Order[];
  notices: Notice[];
  replicated: number;
  menu_revision: string;
  deliveries: Record<string, LineDelivery[]>;
  taking_orders: TakingOrders;
  at_ms: number;
}

export type Source = "counter" | "kiosk" | "import";

/** When something holds: on these weekdays (1 Monday to 7), from and until a time of day, dates. */
export interface Span {
  weekdays: number[];
  from_time: string;
  until_time: string;
  from_date: string;
  until_date: string;
}

/** The party pays in these checks; none: together again. `total` of a check is worked out. */
export interface SplitChecks {
  type: "checks.split";
  order_id: string;
  checks?: Check[];
}

/** Who works here; with `sign_in`, commands need a session (kiosks and kitchens aside). */
export interface StaffHere {
  sign_in: boolean;
  people: PersonCard[];
}

/** A place that makes (`kind` kitchen or bar) or assembles (expo). */
export interface Station {
  id: string;
  names: Record<string, string>;
  kind: string;
  backup: string | null;
  target_s: number | null;
}

/** A table on the floor plan; place and size in hundredths of the section's width and height. */
export interface Table {
  id: string;
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
  round: boolean;
  seats: number;
}

/** Whether guests can order now: kiosks say so before anybody chooses or pays. */
export interface TakingOrders {
  yes: boolean;
  why: string;
  stations: string[];
}

/** One actor's counters on one line: added, taken off, and how much of each a removal had seen. */
export interface Tally {
  added: number;
  taken: number;
  seen_added: number;
  seen_taken: number;
}

/** One tax. `amount` is a decimal in text: percent, or minor units per unit for FIXED. */
export interface Tax {
  id: string;
  names: Record<string, string>;
  amount: string;
  kind: TaxKind;
  base_factor: string;
  included: boolean;
  include_base: boolean;
  affected: boolean;
  classes: string[];
  dining_options: string[];
}

/** One tax on a bill, in minor units; `inclusive` ones are inside the prices already. */
export interface TaxAmount {
  name: string;
  base: number;
  amount: number;
  inclusive: boolean;
  tax_id: string;
}

/** One tax of a day: what it was taken on, and what it came to. */
export interface TaxFigure {
  name: string;
  base: number;
  amount: number;
  inclusive: boolean;
}

export type TaxKind = "percent" | "fixed" | "division";

/** One tax: what it was taken on and what it came to (minor units). */
export interface TaxSum {
  name: string;
  base: number;
  amount: number;
  inclusive: boolean;
}

/** What came in by one tender: minor units, tips apart. */
export interface TenderFigure {
  tender: string;
  count: number;
  amount: number;
  tips: number;
  rounding: number;
  refunds: number;
}

/** Take money: `tendered` is what was handed over, minor units; change is worked out. */
export interface TenderPayment {
  type: "payment.tender";
  order_id: string;
  payment_id: string;
  tendered: number;
  tender?: string;
  amount?: number | null;
  label?: string;
  check_id?: string | null;
  tip?: number;
  till_id?: string | null;
  reference?: string;
}

/** A station's part of an order; `position` is the journal position it shows. */
export interface Ticket {
  ticket_id: string;
  order_id: string;
  number: string;
  station_id: string;
  status: TicketStatus;
  dining_option: DiningOption;
  placed_ms: number;
  fired_ms: number;
  confidence: Confidence;
  lines: TicketLine[];
  table: string | null;
  tab_name: string | null;
  covers: number | null;
  source: string;
  position: number;
  rush: boolean;
  waiting_courses: number[];
  expo: boolean;
  late: boolean;
  also_at: string | null;
}

/** A modifier as the cook reads it. */
export interface TicketChoice {
  names: Record<string, string>;
  quantity: number;
}

/** One line as the cook reads it. `status`: `fired` to make, `done` here, `voided` struck */
export interface TicketLine {
  line_id: string;
  quantity: number;
  names: Record<string, string>;
  variant_names: Record<string, string>;
  choices: TicketChoice[];
  note: string;
  course: number;
  seat: number | null;
  status: string;
  fired_ms: number;
  size: string | null;
  allergens: string[];
  target_s: number | null;
  added: boolean;
  reduced: number;
  station_ids: string[];
  made: string[];
}

export type TicketStatus = "open" | "done";

/** A drawer that is opened, counted and closed. */
export interface TillPlan {
  id: string;
  name: string;
  printer: string;
}

/** A bill in the order of DESIGN.md §8; everything in minor units. */
export interface Totals {
  lines: number;
  discounts: number;
  service: number;
  taxes: TaxAmount[];
  rounding: number;
  total: number;
  rules_version: number;
  service_included: number;
}

/** Lines go over to another order of the outlet: all of them when none are named (a merge). */
export interface TransferLines {
  type: "lines.transfer";
  order_id: string;
  to_order_id: string;
  line_ids?: string[];
}

/** A size or kind of an item: what is actually sold, with its own PLU and price (minor units). */
export interface Variant {
  id: string;
  names: Record<string, string>;
  price: number;
  plu: string;
  size: string | null;
  modifier_group_ids: string[] | null;
  dining_prices: Record<string, number>;
}

/** Take a line off before it was made, or so many of it; None: all of them. */
export interface VoidLine {
  type: "line.void";
  order_id: string;
  line_id: string;
  reason?: string;
  quantity?: number | null;
  approval_id?: string | null;
}

export type Command = PlaceOrder | AddLines | VoidLine | HoldOrder | RecallOrder | FireOrder | RushOrder | ChangeOrderStatus | TenderPayment | BumpTicket | RecallTicket | EightySixItem | RestoreItem | MergeCart | EditProduct | CountStock | MoveStock | ChangeDetails | ChangeLine | Adjust | RemoveAdjustment | SplitChecks | TransferLines | RefundPayment | ReopenOrder | OpenShift | MoveCash | OpenDrawer | CloseShift | CloseDay | ClockIn | ClockOut;

export type FeedMessage = Snapshot | Change | Heartbeat;

export type RefusalCode = "bad_discount" | "unknown_discount" | "more_than_bill" | "nothing_to_take_off" | "comp_needs_line" | "reason_needed" | "unknown_adjustment" | "offer_stays" | "unknown_coupon" | "coupon_used_up" | "coupon_not_now" | "check_paid" | "bad_split" | "line_split_over" | "split_over_total" | "unknown_check" | "same_order" | "order_merged" | "transfer_paid" | "nothing_to_transfer" | "bad_refund" | "refund_over_sold" | "refund_over_paid" | "refund_over_tip" | "unknown_payment" | "not_closed" | "still_due" | "no_shift" | "not_paired" | "may_not_approve" | "pairing_denied" | "pairing_expired" | "too_many_pairings" | "wrong_code" | "unknown_device" | "box_away" | "screen_waits" | "not_at_this_time" | "unfit_menu" | "unknown_format" | "menu_at_hq" | "kiosk_closed" | "kitchen_away" | "unknown_paper" | "unknown_printer" | "no_printer" | "paper_done" | "nothing_to_print" | "drawer_again" | "sign_in_first" | "not_allowed" | "other_tender" | "guest_may_not" | "cooking_began" | "approval_unknown" | "approval_used" | "approval_expired" | "approval_not_for_this" | "cannot_approve" | "wrong_pin" | "slow_down" | "weak_pin" | "no_pin" | "unknown_staff" | "people_at_hq" | "only_on_the_box" | "pins_busy" | "unknown_till" | "till_open" | "counts_blind" | "unknown_shift" | "shift_closed" | "drawer_short" | "over_short_reason" | "day_closed" | "day_not_begun" | "nothing_to_count" | "shifts_open" | "outstanding" | "order_counted" | "unknown_day" | "day_coming_back" | "not_certified" | "not_ready" | "unknown_order" | "unknown_item" | "item_unavailable" | "wrong_quantity" | "unknown_modifier" | "modifier_count" | "duplicate_id" | "bad_id" | "command_reused" | "stale_menu" | "total_differs" | "order_closed" | "not_possible_now" | "unknown_line" | "line_made" | "paid_order" | "last_line" | "unknown_tender" | "wrong_amount" | "too_little" | "nothing_due" | "more_than_due" | "nothing_to_fire" | "courses_waiting" | "no_ticket" | "not_an_import" | "in_the_future" | "standby" | "disk_nearly_full" | "disk_full" | "unknown_field" | "value_too_long" | "wrong_value" | "not_counted" | "bad_request" | "not_json" | "too_large" | "busy" | "stopping" | "bug" | "not_enrolled" | "wrong_method" | "not_found";

export const CURRENCIES: Record<string, Currency> = {
  IDR: {"code":"IDR","scale":0,"display":0,"cash_step":100,"symbol":"Rp","group":".","point":",","iso_digits":2,"cash_digits":0,"stripe":100},
  USD: {"code":"USD","scale":2,"display":2,"cash_step":1,"symbol":"$","group":",","point":".","iso_digits":2,"cash_digits":2,"stripe":100},
  EUR: {"code":"EUR","scale":2,"display":2,"cash_step":1,"symbol":"€","group":".","point":",","iso_digits":2,"cash_digits":2,"stripe":100},
  SGD: {"code":"SGD","scale":2,"display":2,"cash_step":5,"symbol":"S$","group":",","point":".","iso_digits":2,"cash_digits":2,"stripe":100},
  THB: {"code":"THB","scale":2,"display":2,"cash_step":25,"symbol":"฿","group":",","point":".","iso_digits":2,"cash_digits":2,"stripe":100},
  JPY: {"code":"JPY","scale":0,"display":0,"cash_step":1,"symbol":"¥","group":",","point":".","iso_digits":0,"cash_digits":0,"stripe":1},
  VND: {"code":"VND","scale":0,"display":0,"cash_step":1000,"symbol":"₫","group":".","point":",","iso_digits":0,"cash_digits":0,"stripe":1},
  CHF: {"code":"CHF","scale":2,"display":2,"cash_step":5,"symbol":"CHF","group":"’","point":".","iso_digits":2,"cash_digits":2,"stripe":100},
  KWD: {"code":"KWD","scale":3,"display":3,"cash_step":5,"symbol":"KD","group":",","point":".","iso_digits":3,"cash_digits":3,"stripe":null},
};
