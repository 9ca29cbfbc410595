// The pages of the demo shop, and the moments at which each speaks of the visitor (E-commerce Spec v2).
import * as cart from "./cart.js";
import { CURRENCY, PRODUCTS, picture, product as productOf } from "./catalogue.js";
import { openCheckout } from "./checkout.js";
import { button, dress, element, money, showCount } from "./page.js";
import { ask, page, track } from "./tracking.js";

const main = document.querySelector("main");
const spec = ({ product_id, name, price, category }, quantity = 1) => ({ product_id, name, price, category, quantity });

function toBasket(product) {
  cart.add(product.product_id);
  track("Product Added", { cart_id: cart.cartId(), ...spec(product), currency: CURRENCY });
  showCount();
  const said = document.querySelector("#said");
  said.replaceChildren(`${product.name} is in your cart. `, element("a", { href: "/demo/shop/cart" }, "See it"));
}

function openProduct(product) {
  track("Product Viewed", { ...spec(product), currency: CURRENCY, value: product.price });
  const dialog = element("dialog", { class: "product", "aria-label": product.name, close: () => { dialog.remove(); follow(); } },
    picture(product.product_id),
    element("h2", {}, product.name),
    element("p", {}, product.text),
    element("p", { class: "soft" }, product.detail),
    element("div", { class: "row" },
      button(`Add for ${money(product.price)}`, `buy-${product.product_id}`, () => { toBasket(product); dialog.close(); }),
      button("Back", "back", () => dialog.close(), "quiet")));
  document.body.append(dialog);
  dialog.showModal();
}

function tile(product) {
  const { product_id, name, text, price } = product;
  return element("article", { class: "tile", id: product_id },
    element("button", { type: "button", class: "look", "data-testid": `view-${product_id}`, "aria-label": `Look at ${name}`, click: () => openProduct(product) }, picture(product_id)),
    element("div", { class: "about" },
      element("h2", {}, name),
      element("p", { class: "soft" }, text),
      element("div", { class: "row apart" },
        element("strong", { class: "price" }, money(price)),
        button("Add to cart", `add-${product_id}`, () => toBasket(product)))));
}

/** The front page's head, as the page has it or as the loop answers. `more` stands below the words. */
function head({ kicker, title, body }, product_id, more = []) {
  const stage = element("div", { class: "stage" }, picture(product_id));
  const words = element("div", {},
    ...kicker ? [element("p", { class: "kicker" }, kicker)] : [],
    element("h1", {}, title), element("p", { class: "soft" }, body), ...more);
  main.querySelector("#hero").replaceChildren(words, stage);
}

async function follow() {
  const answer = await ask("home_hero");
  const product = productOf(answer?.product);
  if (!product) return;
  const look = () => { answer.clicked(); openProduct(product); };
  head(answer, product.product_id, [element("div", { class: "row" }, button(answer.label, "look-again", look), element("span", { class: "price" }, money(product.price)))]);
}

function shop() {
  const [title, body] = ["h1", ".soft"].map((name) => main.querySelector(`#hero ${name}`).textContent);
  head({ title, body }, "cups");
  follow();
  main.querySelector("#products").append(...PRODUCTS.map(tile));
  track("Product List Viewed", { list_id: "all", category: "All", products: PRODUCTS.map((one) => spec(one)) });
}

function row(line) {
  return element("li", { class: "entry" },
    picture(line.product_id),
    element("div", {}, element("strong", {}, line.name), element("p", { class: "soft" }, `${line.quantity} × ${money(line.price)}`)),
    element("span", { class: "price" }, money(line.price * line.quantity)),
    button("Remove", `remove-${line.product_id}`, () => {
      cart.remove(line.product_id);
      track("Product Removed", { cart_id: cart.cartId(), ...line });
      showCount();
      listCart();
    }, "quiet"));
}

function listCart() {
  const lines = cart.lines();
  main.querySelector("#lines").replaceChildren(...lines.map(row));
  main.querySelector("#empty").hidden = lines.length > 0;
  main.querySelector("#sum").hidden = lines.length === 0;
  main.querySelector("#total").textContent = money(cart.total());
}

function showCart() {
  listCart();
  track("Cart Viewed", { cart_id: cart.cartId(), value: cart.total(), currency: CURRENCY, products: cart.lines() });
}

function thanks() {
  const order = cart.lastOrder();
  if (!order) return;
  main.querySelector("#thanks").textContent = order.first_name ? `Thank you, ${order.first_name}.` : "Thank you.";
  main.querySelector("#order").textContent = `${order.order_id} · ${money(order.total)}`;
}

dress();
page();
({ shop, cart: showCart, checkout: openCheckout, thanks })[document.body.dataset.page]();
