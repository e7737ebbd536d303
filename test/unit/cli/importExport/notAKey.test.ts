import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  estimateBits,
  getShownPart,
  isWords,
  MIN_STRENGTH_BITS,
  showSettingName,
  whyNotAKey,
} from '../../../../cli/importExport/notAKey.ts';

const RANDOM = 'aB3dE6gH9jK2mN5pQ8sT';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const HEX_64 = 'ab12'.repeat(16);

describe('whyNotAKey', () => {
  test.each([
    ['a URL', 'http://localhost:3000'],
    ['a URL', 'postgresql://user:password@db:5432/app'],
    ['a URL', 'mailto:ops@acme.io'],
    ['a URL', 'arn:aws:iam::111122223333:role/app'],
    ['a URL', '//cdn.acme.io/embed.js'],
    ['an e-mail address', 'notifications@acme-hosting.com'],
    ['an e-mail address', 'Acme <no-reply@acme.io>'],
    ['a file path', '/var/log/acme/application'],
    ['a file path', '/opt/app/6f9619ff8b86d011b42d00cf4fc964ff'],
    ['a file path', './certificates/server'],
    ['a file path', '~/.ssh/id_ed25519_deploy'],
    ['a file path', 'C:\\Users\\me\\secrets'],
    ['a file path', '\\\\server\\share\\secrets'],
    ['a file path', 'config/service-account.json'],
    ['a host name', 'smtp.office365.com'],
    ['a host name', 'db.internal.acme.com:5432'],
    ['a host name', 'cluster-abc123.eu-west-1.rds.amazonaws.com'],
    ['a host and a port', 'redis-master-0:6379'],
    ['a host and a port', 'localhost:3000'],
    ['an IP address', '192.168.100.200:8080'],
    ['an IP address', '2001:db8:85a3:8d3:1319:8a2e:370:7348'],
    ['a placeholder', '<office365_emailAddress>'],
    ['a placeholder', 'your-secret-api-key-goes-here'],
    ['a placeholder', 'changeme-changeme-changeme'],
    ['a placeholder', 'xxxxxxxxxxxxxxxxxxxxxxxx'],
    ['a placeholder', '${DATABASE_PASSWORD}'],
    ['a placeholder', '{{ vault.acme_key }}'],
    ['a placeholder', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['a placeholder', '0123456789abcdef0123456789abcdef'],
    ['a UUID', 'c232ab00-9414-11ec-b3c8-9f6bdeced846'],
    ['a UUID', '018f2f4e-1c2d-7abc-8def-9f6bdeced846'],
    ['a time', '2026-01-01T00:00:00.000Z'],
    ['a time', '2026-01-01T00:00:00+01:00'],
    ['a time', '20260101T000000Z'],
    ['an option of a command', '--max-old-space-size=4096'],
    ['an option of a command', '-Dhttps.protocols=TLSv1.2'],
    ['an option of a command', '-javaagent:/opt/agent.jar'],
    ['a list of settings', 'useSSL=false&serverTimezone=UTC'],
    ['a list of settings', 'service.name=my-service'],
    ['a list of settings', 'app=debug;http=info;db=warn'],
    [
      'a list of settings',
      'DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=aB3dE6gH9jK2mN5pQ8sT==;EndpointSuffix=core.windows.net',
    ],
    ['an image', `acme/app@sha256:${HEX_64}`],
    ['an address of a blockchain', '0x52908400098527886E0F7030069857D2E4169EE7'],
    ['a switch', 'true'],
    ['a number', '72036854775807'],
    ['JSON', '{"type":"service_account"}'],
    ['a PEM block', '-----BEGIN PRIVATE KEY-----'],
    ['a publishable key', `pk_live_${RANDOM}`],
    ['a fingerprint', 'AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01'],
    ['a hash', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
  ])("returns a reason that doesn't repeat %s: %s", (what, value) => {
    const why = whyNotAKey('ACME', value);
    expect(why).toMatch(new RegExp(`^the value is ${what}`));
    expect(why).not.toContain(value);
  });

  test.each([HEX_64, HEX_64.toUpperCase(), `sha256:${HEX_64}`, `0x${HEX_64}`, `\\x${HEX_64}`])(
    'returns a reason that suggests keyHash for the hash %s',
    (value) => {
      expect(whyNotAKey('ACME', value)).toMatch(/SHA-256 hash: import it as keyHash/);
    },
  );

  test.each([
    'DATABASE_URL',
    'REDIS_URI',
    'MAIL_FROM',
    'ADMIN_EMAIL',
    'SMTP_HOST',
    'smtpHost',
    'LOG_PATH',
    'LOG_FILE',
    'DATA_DIR',
    'HTTP_PORT',
    'PORT',
    'CLIENT_ID',
    'PUBLIC',
    'NEXT_PUBLIC_KEY',
    'VITE_KEY',
    'RECAPTCHA_SITE_KEY',
    'ACME_KEY_SHA256',
    'DB_PASSWORD',
    'NODE_OPTIONS',
    'JAVA_OPTS',
    'GRADLE_ARGS',
    'CXX_FLAGS',
    'GIT_COMMIT',
    'GIT_SHA',
    'APP_VERSION',
    'SENTRY_RELEASE',
    'DOCKER_IMAGE',
    'IMAGE_TAG',
    'DEPLOYED_AT',
    'deployedAt',
    'LOG_LEVEL',
    'LOG_LEVELS',
    'OTEL_RESOURCE_ATTRIBUTES',
    'FEATURES',
    'USER_AGENT',
    'SEED',
  ])('rejects any value under the name %s', (name) => {
    expect(whyNotAKey(name, RANDOM)).toMatch(/^the name says that the value is /);
  });

  test.each(['ACME', 'CI', 'ACME_API_KEY', 'SMTP_HOST_KEY', 'PARTNER_TOKEN', 'url_signer', 'hex.key'])(
    'accepts a random value under the name %s',
    (name) => {
      expect(whyNotAKey(name, RANDOM)).toBeUndefined();
    },
  );

  test.each<[string, () => string]>([
    ['base64url', () => randomBytes(32).toString('base64url')],
    ['base64url of 16 bytes', () => randomBytes(16).toString('base64url')],
    ['Base62 of 22 characters', () => Array.from({ length: 22 }, () => BASE62.charAt(randomInt(62))).join('')],
    ['Base62 of 43 characters', () => Array.from({ length: 43 }, () => BASE62.charAt(randomInt(62))).join('')],
    ['hex of 16 bytes', () => randomBytes(16).toString('hex')],
    ['hex of 20 bytes', () => randomBytes(20).toString('hex')],
    ['hex of 64 bytes', () => randomBytes(64).toString('hex')],
    ['a prefix and base64url', () => `sk_live_${randomBytes(24).toString('base64url')}`],
    [
      'two parts with a dot',
      () => `SG.${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`,
    ],
    ['a UUID of version 4', randomUUID],
  ])('rejects at most two of a thousand random keys in %s', (_, makeRandom) => {
    const keys = Array.from({ length: 5000 }, makeRandom);
    const rejected = keys.filter((key) => whyNotAKey('ACME', key) !== undefined || isWords(key));
    expect(rejected.length).toBeLessThanOrEqual(10);
  });
});

test.each([
  ['America/Argentina/Buenos_Aires', true],
  ['correct-horse-battery-staple', true],
  ['org/service-name:v1.2.3', true],
  [RANDOM, false],
  ['supersecretkeydonotuseinproduction', true],
  ['SUPERSECRETKEYDONOTUSEINPRODUCTION', true],
  ['superSecretKeyDoNotUseInProduction', true],
  ['search-billing-export-audit-teams-roles-invites-themes-webhooks', true],
  ['Mozilla/5.0(X11;Linux)Gecko/20100101', true],
  ['my-app@1.2.3+build.20260101', true],
  ['sk_live_4eC39HqLyjWDarjtT1zdp7dc', false],
  ['a!b@c%d^e&f*g(h)i_j-k', false],
])('isWords(%j) returns %p', (text, expected) => {
  expect(isWords(text)).toBe(expected);
});

test.each([
  ['NEXT_PUBLIC_WEBAPP_URL', 'NEXT_PUBLIC_WEBAPP_URL'],
  ['c2VjcmV0IGtleSB0aGF0IGlz', '(hidden name of 24 characters)'],
  ['applicationSecretKey', 'applicationSecretKey'],
  ['springDatasourcePassword', 'springDatasourcePassword'],
  ['INTERNATIONALIZATION_ENABLED', 'INTERNATIONALIZATION_ENABLED'],
  ['spring.datasource.hikari.maxLifetime', 'spring.datasource.hikari.maxLifetime'],
  ['AWS_S3_K8S_TOKEN_2', 'AWS_S3_K8S_TOKEN_2'],
  ['supersecretkeydonotuseinproduction', '(hidden name of 34 characters)'],
  [`sk_live_${RANDOM}`, '(hidden name of 28 characters)'],
  ['c232ab00-9414-41ec-b3c8-9f6bdeced846', '(hidden name of 36 characters)'],
])('showSettingName shows %s as %s', (name, expected) => {
  expect(showSettingName(name)).toBe(expected);
});

test.each([
  ['128 bits for 32 hex digits', '0123456789abcdeffedcba9876543210', 128],
  ['128 bits for 32 capital hex digits', '0123456789ABCDEFFEDCBA9876543210', 128],
  ['112 bits for 34 decimal digits', '1234567890098765432112345678900987', 112],
  ['fewer than 112 bits for 33 decimal digits', '123456789009876543211234567890098', 109],
  ['113 bits for 19 letters of both cases and digits', 'aB3dE6gH9jK2mN5pQ8s', 113],
  ['fewer than 112 bits for 18 letters of both cases and digits', 'aB3dE6gH9jK2mN5pQ8', 107],
  ['0 bits for a known prefix', 'sk_live_aB3dE6gH9jK2mN5pQ8', 107],
  ['the bits of one block if the block repeats', 'passw0rd!passw0rd!passw0rd!', 54],
  ['the bits of one block if its last repeat is cut off', 'passw0rd!passw0rd!passw', 54],
  ['0 bits for few different characters', 'abcab'.repeat(20), 0],
])('estimateBits returns %s', (_, key, bits) => {
  expect(estimateBits(key)).toBe(bits);
});

test('estimateBits never returns a weak strength for 256 random bits in hex, base64 or base64url', () => {
  for (let round = 0; round < 1000; round++) {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(estimateBits(`sk_${bytes.toString(encoding)}`)).toBeGreaterThanOrEqual(MIN_STRENGTH_BITS);
    }
  }
});

test('getShownPart returns the prefix and 8 characters unless the rest would be too weak', () => {
  const key = `sk_${'aB3dE6gH9jK2mN5pQ8s'.repeat(2)}`;
  expect(getShownPart(key)).toBe('sk_aB3dE6g');
  expect(getShownPart(key.slice(0, 3 + 8 + 18))).toBeUndefined();
});
