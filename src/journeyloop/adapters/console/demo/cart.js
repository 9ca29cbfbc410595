// The visitor's cart and checkout, kept in this browser as any shop would. Nothing is tracked here.
import { CURRENCY, product } from "./catalogue.js";

const read = (key, none) => JSON.parse(localStorage.getItem(key) ?? "null") ?? none;
const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));

const quantities = () => read("shop.cart", {});

export const identifier = (prefix) => `${prefix}-${Math.random().toString(36).slice(2, 10)}`;

/** What is in the cart: [{product_id, name, price, category, quantity}]. */
export const lines = () => Object.entries(quantities()).map(([id, quantity]) => {
  const { product_id, name, price, category } = product(id);
  return { product_id, name, price, category, quantity };
});
export const total = () => lines().reduce((sum, { price, quantity }) => sum + price * quantity, 0);
export const count = () => lines().reduce((sum, { quantity }) => sum + quantity, 0);

export function cartId() {
  const id = read("shop.cart_id") ?? identifier("cart");
  write("shop.cart_id", id);
  return id;
}

export function add(id) {
  const cart = quantities();
  write("shop.cart", { ...cart, [id]: (cart[id] ?? 0) + 1 });
}

export function remove(id) {
  const { [id]: _gone, ...rest } = quantities();
  write("shop.cart", rest);
}

/** The running checkout {checkout_id, order_id, step, contact}, or undefined. */
export const checkout = () => read("shop.checkout");
export const keepCheckout = (changes) => write("shop.checkout", { ...checkout(), ...changes });

/** Empty the cart and remember what was bought. Returns the order. */
export function complete() {
  const { checkout_id, order_id, contact } = checkout();
  const order = { checkout_id, order_id, revenue: total(), total: total(), currency: CURRENCY, products: lines() };
  ["shop.cart", "shop.cart_id", "shop.checkout"].forEach((key) => localStorage.removeItem(key));
  write("shop.order", { ...order, first_name: contact?.first_name });
  return order;
}
export const lastOrder = () => read("shop.order");

/** The visitor's answer to the consent question: "all", "necessary", or undefined. */
export const answer = () => read("shop.consent");
export const keepAnswer = (choice) => write("shop.consent", choice);
