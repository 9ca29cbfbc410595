// One of each call through the real @rudderstack/rudder-sdk-node. Arguments: host, write key, "gzip" or "plain".
import Analytics from "@rudderstack/rudder-sdk-node";

const [dataPlaneUrl, writeKey, form] = process.argv.slice(2);
const analytics = new Analytics(writeKey, {
  dataPlaneUrl,
  gzip: form === "gzip",
  flushAt: 3,
  flushInterval: 200,
  errorHandler(error) {
    console.error(error);
    process.exitCode = 1;
  },
});

const userId = `rudder-${form}`;
const anonymousId = `rudder-browser-${form}`;
analytics.identify({ userId, anonymousId, traits: { tier: "gold", firstName: "Åsa 👋" } });
analytics.track({
  userId,
  event: "Order Completed",
  properties: { order_id: "o1", revenue: "129.90", products: [{ product_id: "p1", price: "64.95", quantity: 2 }] },
  originalTimestamp: new Date(Date.now() - 60_000),
});
analytics.page({ userId, name: "Home", properties: { path: "/" } });
analytics.screen({ userId, name: "Start" });
analytics.group({ userId, groupId: "company-1", traits: { plan: "team" } });
analytics.alias({ userId, previousId: anonymousId });
analytics.track({ anonymousId: `stranger-${form}`, event: "Signed Out" });
