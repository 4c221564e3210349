// npm's `oidc-provider` with WorkOS's paths: node oidc_provider.mjs NODE_MODULES LIFETIME CODE_LIFETIME
// One JSON line on stdout: {"url"}. It ends when stdin closes.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [modules, codeLifetime] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`).href);

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}`;
const audience = "urn:amika:api";

const provider = new Provider(url, {
  clients: [
    {
      client_id: "client_fake",
      token_endpoint_auth_method: "none",
      application_type: "native",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  routes: {
    device_authorization: "/user_management/authorize/device",
    token: "/user_management/authenticate",
    code_verification: "/device",
  },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: "openid offline_access", accessTokenFormat: "jwt", audience }),
    },
  },
  scopes: ["openid", "offline_access"],
  extraTokenClaims: (_, token) => ({ sid: token.grantId }),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  ttl: { AccessToken: 300, DeviceCode: Number(codeLifetime), RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 3600 },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ["fake-cookie-key"] },
});

// WorkOS gives every client its scopes; this server wants to be asked for them
const answer = provider.callback();
server.on("request", async (request, response) => {
  if (request.method === "POST" && request.url === "/user_management/authorize/device") {
    const parts = [];
    for await (const part of request) parts.push(part);
    request.body = { ...Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString())), scope: "openid offline_access" };
  }
  answer(request, response);
});
console.log(JSON.stringify({ url }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
