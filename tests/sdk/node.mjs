// One of each call through the real @segment/analytics-node. Arguments: host, write key.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushAt: 3, flushInterval: 200, maxRetries: 3 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

const userId = "node-user";
analytics.identify({ userId, anonymousId: "node-browser", traits: { tier: "gold", firstName: "Åsa 👋" } });
analytics.track({
  userId,
  event: "Order Completed",
  properties: { order_id: "o1", revenue: "129.90", products: [{ product_id: "p1", price: "64.95", quantity: 2 }] },
  timestamp: new Date(Date.now() - 60_000),
});
analytics.page({ userId, name: "Home", properties: { path: "/" } });
analytics.screen({ userId, name: "Start" });
analytics.group({ userId, groupId: "company-1", traits: { plan: "team" } });
analytics.alias({ userId, previousId: "node-browser" });
await analytics.closeAndFlush({ timeout: 10_000 });
