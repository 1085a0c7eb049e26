// A real OpenID provider for tests/web/inloggen/test_echte_provider.py: node provider.mjs '<json>'
// The json has `jwks` (public keys of the loket), `redirect`, `logout`, `backchannel` (where to tell who logged out) and
// `accounts` (subject → claims).
// Says "listening on <issuer>" when it is ready; ends with its standard input.

import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const asked = JSON.parse(process.argv[2]);
const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'loket',
      redirect_uris: [asked.redirect],
      post_logout_redirect_uris: [asked.logout],
      backchannel_logout_uri: asked.backchannel,
      backchannel_logout_session_required: true,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      id_token_signed_response_alg: 'PS256',
      jwks: asked.jwks,
    }],
    jwks: { keys: [{ ...signing, kid: randomUUID(), use: 'sig', alg: 'PS256' }] },
    features: { backchannelLogout: { enabled: true } },
    // Without what refuses addresses of this computer, where the loket of the tests is, and without a time limit.
    fetch: (url, { dispatcher, signal, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    clientAuthMethods: ['private_key_jwt'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    cookies: { keys: [randomUUID()] },
    findAccount: (_, sub) => (asked.accounts[sub] ? { accountId: sub, claims: () => ({ sub, ...asked.accounts[sub] }) } : undefined),
  });
  server.on('request', provider.callback());
  console.log(`listening on ${issuer}`);
});
process.stdin.on('end', () => process.exit(0)).resume();
