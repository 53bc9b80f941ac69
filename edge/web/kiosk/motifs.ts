/** Drawings for dishes without a picture, and which of them fits a dish by what it is called. */

import type { Item } from "$web/wire";

interface Part {
  d: string;
  line?: boolean;
  soft?: boolean;
}

export type Motif = "cup" | "basket" | "latte" | "pot" | "glass" | "bowl" | "plate" | "cake" | "bread" | "leaf" | "bottle";

const STEAM = "M68 38c-6-8 6-12 0-20M84 36c-6-8 6-12 0-20M100 38c-6-8 6-12 0-20";

export const MOTIFS: Record<Motif, Part[]> = {
  cup: [
    { d: "M50 48h56v24a24 24 0 0 1-24 24h-8a24 24 0 0 1-24-24z" },
    { d: "M106 54h7a11 11 0 0 1 0 22h-9", line: true },
    { d: STEAM, line: true, soft: true },
  ],
  latte: [
    { d: "M80 24a38 38 0 1 0 0 76 38 38 0 0 0 0-76zm0 8a30 30 0 1 1 0 60 30 30 0 0 1 0-60z" },
    { d: "M116 50h12a10 10 0 0 1 0 24h-12", line: true },
    { d: "M80 84c-22-14-24-28-16-34 6-4 13-1 16 6 3-7 10-10 16-6 8 6 6 20-16 34z" },
    { d: "M80 32a30 30 0 1 0 0 60 30 30 0 0 0 0-60z", soft: true },
  ],
  pot: [
    { d: "M48 58a32 30 0 0 1 64 0v10a32 30 0 0 1-64 0z" },
    { d: "M112 60c12-2 14-14 22-14M48 58c-16-4-18 20 2 20", line: true },
    { d: "M64 32a16 8 0 0 1 32 0z", soft: true },
    { d: "M80 24a5 5 0 1 1 0-10 5 5 0 0 1 0 10z" },
  ],
  glass: [
    { d: "M56 34h48l-6 60a5 5 0 0 1-5 5H67a5 5 0 0 1-5-5z", soft: true },
    { d: "M58.500 54h43l-4 40a5 5 0 0 1-5 5h-25a5 5 0 0 1-5-5z" },
    { d: "M84 52l10-34h12", line: true },
  ],
  bowl: [
    { d: "M38 58h84a42 38 0 0 1-26 37H64a42 38 0 0 1-26-37z" },
    { d: "M48 52a14 12 0 0 1 24-6 16 14 0 0 1 26 0 13 11 0 0 1 16 6z", soft: true },
    { d: STEAM, line: true, soft: true },
  ],
  basket: [
    { d: "M46 62h68l-8 32a6 6 0 0 1-6 5H60a6 6 0 0 1-6-5z" },
    { d: "M56 60l-6-26M70 60l-2-32M84 60l2-34M98 60l8-28", line: true, soft: true },
    { d: "M58 74h44M61 86h38", line: true, soft: true },
  ],
  plate: [
    { d: "M80 30a34 34 0 1 0 0 68 34 34 0 0 0 0-68zm0 14a20 20 0 1 1 0 40 20 20 0 0 1 0-40z" },
    { d: "M80 50a14 14 0 1 0 0 28 14 14 0 0 0 0-28z", soft: true },
    { d: "M32 34v18M26 34v12a6 6 0 0 0 12 0V34M32 52v44M128 96V34c-8 4-9 20-7 30h7", line: true },
  ],
  cake: [
    { d: "M42 72h76v22a5 5 0 0 1-5 5H47a5 5 0 0 1-5-5z" },
    { d: "M42 66c0-14 20-24 76-26v26z", soft: true },
    { d: "M101 43a7 7 0 1 1 0-14 7 7 0 0 1 0 14z" },
  ],
  bread: [
    { d: "M44 62c0-18 18-26 36-26s36 8 36 26z" },
    { d: "M40 68h80v7H40z", soft: true },
    { d: "M44 81h72v8a9 9 0 0 1-9 9H53a9 9 0 0 1-9-9z" },
  ],
  leaf: [
    { d: "M46 92c-4-38 18-58 66-60 2 46-16 68-54 64z" },
    { d: "M46 98c12-22 26-36 46-46", line: true, soft: true },
  ],
  bottle: [
    { d: "M72 18h16v18c0 8 10 10 10 24v34a5 5 0 0 1-5 5H67a5 5 0 0 1-5-5V60c0-14 10-16 10-24z" },
    { d: "M62 64h36v18H62z", soft: true },
  ],
};

/** First match wins: what is iced stands in a glass, also when it is coffee. */
const NAMED: [RegExp, Motif][] = [
  [/\b(ice|iced|es|jus|juice|smoothie|soda|squash|mojito|lemonade|cold brew|frapp\w*)\b/i, "glass"],
  [/\b(water|air mineral|botol|bottle|beer|bir|wine)\b/i, "bottle"],
  [/\b(cake|kue|tart|brownies?|cheesecake|puding|pudding|donat|donut|cookie|pastry|croissant|dessert)\b/i, "cake"],
  [/\b(roti|toast|bread|sandwich|burger|bun|bagel|wrap|panini)\b/i, "bread"],
  [/\b(salad|sayur|gado|karedok|vegetable|vegan|pecel|lalapan)\b/i, "leaf"],
  [/\b(fries|kentang|tempe|tahu|nuggets?|wings|satay|sate|skewers?|pisang|singkong|cassava|ketela)\b/i, "basket"],
  [/\b(rice|nasi|curry|kari|katsu|bowl)\b/i, "bowl"],
  [/\b(soup|sup|soto|bakso|ramen|mie|mi|noodles?|laksa|bubur|kuah|rawon|sop)\b/i, "bowl"],
  [/(tea\b|teh|wedang|chamomile|matcha)/i, "pot"],
  [/(latte|cappuc|flat white|macchiato|mocha|cortado|milk coffee|kopi susu|chocolate|cokelat)/i, "latte"],
  [/(coffee|kopi|espresso|americano|drip|v60|tubruk|cocoa|hot |panas|jahe)/i, "cup"],
];

export function motifOf(item: Item): Motif {
  const names = Object.values(item.names).join(" ");
  return NAMED.find(([named]) => named.test(names))?.[1] ?? "plate";
}
