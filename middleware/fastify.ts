/**
 * The module `latchkey/fastify`. It checks the keys of a Fastify app's requests.
 *
 * @module fastify
 */
import type { FastifyPluginCallback, FastifyReply, onRequestAsyncHookHandler } from 'fastify';
import type { PublicRecord } from '../keys/record.ts';
import type { Authenticator } from './authenticate.ts';
import { createCheck } from './createCheck.ts';
import { nodeRequest, sourceIpOf } from './nodeRequest.ts';
import { addToField } from './requestLimit.ts';
import type { KeyRequirements } from './requirements.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The record of the request's key, without its hash. Set by `latchkey` and `keyHook` of `latchkey/fastify`. */
    latchkey?: PublicRecord;
  }
}

/**
 * Creates a plugin that checks every request of the context in which you register it, before its body is read. The
 * key's record is then at `request.latchkey`. A refused request gets the authorizer's code and JSON body.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function latchkey(
  authenticator: Pick<Authenticator, 'authenticate'>,
  requirements: KeyRequirements = {},
): FastifyPluginCallback {
  const hook = keyHook(authenticator, requirements);
  const plugin: FastifyPluginCallback = (fastify, _options, done) => {
    // A fixed shape of the request is faster. A context that inherits the property can't declare it again.
    if (!fastify.hasRequestDecorator('latchkey')) fastify.decorateRequest('latchkey');
    fastify.addHook('onRequest', hook);
    done();
  };
  return Object.assign(plugin, PLUGIN);
}

/**
 * The properties by which Fastify knows a plugin for the surrounding context. The package fastify-plugin sets the same
 * ones.
 */
const PLUGIN = {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'latchkey',
  [Symbol.for('plugin-meta')]: { name: 'latchkey', fastify: '5.x' },
};

/**
 * Creates the same check for single routes: pass it as the `onRequest` hook of a route.
 *
 * @throws LatchkeyError `INPUT_INVALID` if an argument isn't valid, such as a misspelled option
 */
export function keyHook(
  authenticator: Pick<Authenticator, 'authenticate'>,
  requirements: KeyRequirements = {},
): onRequestAsyncHookHandler {
  const check = createCheck(authenticator, requirements);
  return async (request, reply) => {
    const parts = nodeRequest(request.raw, request.originalUrl);
    const authentication = await check(parts, { sourceIp: sourceIpOf(request.raw), countOncePer: request });
    if (authentication.effect === 'allow') {
      request.latchkey = authentication.record;
      if (authentication.limit !== undefined) addHeaders(reply, authentication.limit.headers);
      return undefined;
    }
    const { status, headers, body } = authentication;
    // A string, because a route's response schema could remove members of an object.
    return reply
      .code(status)
      .headers({ ...headers })
      .send(JSON.stringify(body));
  };
}

function addHeaders(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    reply.header(name, addToField([reply.getHeader(name) ?? ''].flat().join(', '), value));
  }
}
