// Shows what arrived outside and lets things happen there. Text is only ever set as text.

const NAMES = { email: "E-mail", sms: "SMS", whatsapp: "WhatsApp", tool: "Old mail tool", alert: "Team alert" };
const list = document.querySelector("#arrived");
const said = document.querySelector("#said");
let newest = 0;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function card(one) {
  const head = element("p", "head", element("b", "", NAMES[one.kind] ?? one.kind), ` to ${one.to}`);
  const made = element("li", `card ${one.kind}`, head);
  if (one.title) made.append(element("h3", "", one.title));
  if (one.text) made.append(element("p", "text", one.text));
  return made;
}

function show({ account, arrived }) {
  document.querySelectorAll("[data-do]").forEach((button) => { button.disabled = !account.user_id; });
  const fresh = arrived.filter((one) => one.at > newest);
  list.prepend(...fresh.map(card));
  newest = Math.max(newest, ...fresh.map((one) => one.at));
  document.querySelector("#nothing").hidden = newest > 0;
}

async function look() {
  try {
    show(await (await fetch("arrived")).json());
  } catch {
    said.textContent = "The demo has ended.";
  }
}

async function act(what, body = {}) {
  const answer = await fetch(`do/${what}`, { method: "POST", body: JSON.stringify(body) });
  const { error } = await answer.json();
  said.textContent = error ? `That did not work: ${error}` : "Done.";
  await look();
}

/** The shop's customer number for an e-mail address, as its pages make it (64-bit FNV-1a). */
function customerNumber(email) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(email.trim().toLowerCase())) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `customer-${hash.toString(16).padStart(16, "0")}`;
}

document.querySelector("#account").addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  act("account", { ...fields, user_id: customerNumber(fields.email) });
});
document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => act(button.dataset.do)));
look();
setInterval(look, 1000);
