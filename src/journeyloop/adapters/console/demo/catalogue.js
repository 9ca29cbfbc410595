// What the demo shop sells, with pictures drawn as inline SVG. Only constants live here.

export const CURRENCY = "USD";

const SHADOW = '<ellipse class="shade" cx="120" cy="158" rx="84" ry="7"/>';

const PICTURES = {
  espresso: `${SHADOW}
    <rect class="steel" x="52" y="34" width="136" height="34" rx="8"/><rect class="dark" x="60" y="68" width="120" height="58"/>
    <rect class="steel" x="52" y="126" width="136" height="28" rx="6"/><rect class="dark" x="70" y="126" width="100" height="7" rx="3"/>
    <rect class="wood" x="84" y="20" width="72" height="14" rx="4"/><circle class="light" cx="78" cy="51" r="9"/><circle class="dark" cx="78" cy="51" r="2"/>
    <path class="line" d="M78 51l4-5"/><circle class="accent" cx="150" cy="51" r="4"/><circle class="light" cx="164" cy="51" r="4"/>
    <rect class="steel" x="104" y="68" width="32" height="12" rx="3"/><rect class="wood" x="134" y="71" width="40" height="7" rx="3.5"/>
    <path class="coffee" d="M115 82h2v18h-2zM123 82h2v18h-2z"/><path class="light" d="M104 100h32v12a12 12 0 0 1-12 12h-8a12 12 0 0 1-12-12z"/>
    <path class="pipe" d="M178 68v34l8 12"/>`,
  grinder: `${SHADOW}
    <path class="glass" d="M84 18h72l-12 44H96z"/><path class="coffee" d="M89 36h62l-7 26H96z"/><rect class="steel" x="92" y="62" width="56" height="52" rx="6"/>
    <circle class="light" cx="120" cy="86" r="13"/><path class="line" d="M120 86v-9"/><rect class="dark" x="98" y="114" width="44" height="12"/>
    <path class="glass" d="M94 126h52v24a6 6 0 0 1-6 6h-40a6 6 0 0 1-6-6z"/><path class="coffee" d="M94 138h52v12a6 6 0 0 1-6 6h-40a6 6 0 0 1-6-6z"/>`,
  kettle: `${SHADOW}
    <path class="pipe wide" d="M92 122c-24 0-22-56-40-62"/><path class="dark" d="M150 70c34-10 42 44 8 60v-10c20-14 16-46-8-38z"/>
    <path class="steel" d="M92 60h58l14 84a10 10 0 0 1-10 12H88a10 10 0 0 1-10-12z"/><rect class="dark" x="96" y="52" width="50" height="9" rx="4"/>
    <circle class="wood" cx="121" cy="44" r="8"/><path class="shine" d="M98 72l-8 70"/>`,
  cups: `${SHADOW}
    <path class="light" d="M46 80h68v30a34 34 0 0 1-34 34 34 34 0 0 1-34-34z"/><path class="pipe" d="M114 90c24-4 24 32-4 30"/><ellipse class="coffee" cx="80" cy="80" rx="34" ry="7"/>
    <path class="accent" d="M126 96h62v26a31 31 0 0 1-31 31 31 31 0 0 1-31-31z"/><path class="pipe tint" d="M188 104c22-4 22 28-4 27"/><ellipse class="coffee" cx="157" cy="96" rx="31" ry="6"/>
    <path class="steam" d="M72 62c-8-10 8-16 0-28M90 62c-8-10 8-16 0-28"/>`,
  scale: `${SHADOW}
    <rect class="dark" x="48" y="116" width="144" height="40" rx="10"/><rect class="steel" x="58" y="108" width="124" height="10" rx="4"/>
    <rect class="glass" x="96" y="128" width="48" height="18" rx="4"/><path class="digits" d="M106 132v10M114 132h6v10h-6zM126 132h6v5h-6v5h6"/><circle class="accent" cx="170" cy="137" r="5"/>
    <path class="glass" d="M94 64h52l-6 44h-40z"/><path class="coffee" d="M98 88h44l-3 20h-38z"/>`,
};

export const PRODUCTS = [
  {
    product_id: "espresso", name: "Duetto espresso machine", price: 600, category: "Machines",
    text: "Two boilers, one quiet pump, and a steam wand that swings out of the way.",
    detail: "Brews at 93 °C while it steams. Ready in six minutes. Repairable, with parts for fifteen years.",
  },
  {
    product_id: "grinder", name: "Macina burr grinder", price: 189, category: "Machines",
    text: "Steel burrs, sixty steps from espresso to press.",
    detail: "64 mm flat burrs, stepless if you want it, and less than half a gram left behind.",
  },
  {
    product_id: "kettle", name: "Cigno pouring kettle", price: 79, category: "Pouring",
    text: "A slow, exact pour and a handle that stays cool.",
    detail: "0.9 litres of brushed steel. Works on every hob, induction too.",
  },
  {
    product_id: "scale", name: "Grammo brewing scale", price: 54, category: "Pouring",
    text: "Weighs to a tenth of a gram and starts the clock itself.",
    detail: "Water-proof, charged by USB-C, thirty hours of use.",
  },
  {
    product_id: "cups", name: "Pair of stoneware cups", price: 32, category: "Table",
    text: "Thick walls, thin lip. They keep a cappuccino warm.",
    detail: "Thrown and glazed by hand, 180 ml each. Safe in the dishwasher.",
  },
];

export const product = (id) => PRODUCTS.find((one) => one.product_id === id);

/** A fresh SVG element of a product, hidden from screen readers: its name stands beside it. */
export function picture(id) {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 180" class="picture" aria-hidden="true">${PICTURES[id]}</svg>`;
  return document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
}
