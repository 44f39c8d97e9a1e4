// A real OpenID provider for one test of the gateway: client credentials, signed access tokens, a key set that rotates.
// Prints one JSON line when it listens; POST /test/rotate on the second port puts a new key in front.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const fresh = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
};
const secret = randomUUID();
let keys = [fresh()];

const provider = (issuer) => new Provider(issuer, {
  jwks: { keys },
  clients: [{
    client_id: 'wmo-application', client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  }],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:helder',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '', audience: 'helder', accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  extraTokenClaims: () => ({ oin: '00000099000000009000', realm_access: { roles: ['helder-invoer', 'offline_access'] } }),
});

let handle = (_, answer) => answer.writeHead(503).end();
const server = createServer((question, answer) => handle(question, answer));
const control = createServer((question, answer) => {
  keys = [fresh(), ...keys];
  handle = provider(issuer).callback();
  answer.writeHead(204).end();
});
let issuer;
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  handle = provider(issuer).callback();
  control.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ issuer, secret, control: `127.0.0.1:${control.address().port}` }));
  });
});
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
