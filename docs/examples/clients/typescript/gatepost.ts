/*
 * Signs in and stays signed in: for React Native, and for the main process of Electron. No dependencies.
 *
 *   const gatepost = new Gatepost({ base: 'https://www.example.org/auth', fetch: timed(fetch), store, newId, ask });
 *   const state = await gatepost.resume();       // after every start: who, where in which journey; null: sign in
 *   await gatepost.signIn({ identifier, password });
 *   await gatepost.request('GET', '/sessions');  // whatever docs/openapi.yaml has
 *
 * Three rules make it survive being killed at any moment. A new value is in the store before anybody uses it. A request
 * that brings a new value and whose answer was lost is sent again as it was: within 30 s its answer is the same. A value
 * is always read from the store, never remembered: another process may have put a newer one there.
 */
import { signed, type DeviceKey, type Proof } from './device.js';
import { isProblem, Problem, type Json } from './problem.js';
import type { SecretStore } from './stores.js';
import { send, type Asked, type Fetch, type Reply } from './wire.js';

export type SignIn = { identifier: string; password: string } | { handover: string; verifier: string } | { passkey: Json };

export interface Options {
  /** Origin and base path: https://www.example.org/auth */
  base: string;
  fetch: Fetch;
  store: SecretStore;
  /** A random name for this installation, made once: randomUUID of expo-crypto or node:crypto. */
  newId: () => string;
  /** "handle", unless other services verify access tokens by themselves. */
  transport?: 'handle' | 'token';
  deviceName?: string;
  deviceKey?: DeviceKey;
  /** Asks the person for one of these proofs; null: they would rather not. */
  ask?: (methods: string[]) => Promise<Proof | null>;
}

/** What the store has: one value, by handle or as a pair, and the request that may have replaced it already. */
interface Held { handle?: string; access?: string; refresh?: string; until?: number; pending?: Asked & { at: number } }

const SESSION = 'gatepost.session', DEVICE = 'gatepost.device', KEY = 'gatepost.key';
const REPEATABLE = 30_000; // ms: so long the server answers the same request alike
const RENEWING = ['/sessions', '/session/second-factor', '/session/reauth'];
const valueOf = (held: Held) => held.handle ?? held.access;

export class Gatepost {
  private turn: Promise<unknown> = Promise.resolve();
  private steppingUp?: Promise<boolean>;

  constructor(private readonly o: Options) {}

  /** The first call after every start, whatever happened before: {session, user, flows, next}; null: nobody is signed in. */
  async resume(): Promise<Json | null> {
    try {
      const held = await this.alone(() => this.settle());
      return valueOf(held) ? (await this.request('GET', '/session/state')).json : null;
    } catch (error) {
      if (isProblem(error, 'sign in')) return null;
      throw error;
    }
  }

  /** {session, user}. Look at session.state: "active", or what is missing, such as secondFactor(). A guest's flows come along. */
  async signIn(proof: SignIn): Promise<Json> {
    const device_id = await this.deviceId();
    const body = { ...proof, transport: this.o.transport ?? 'handle', device_id, device_name: this.o.deviceName };
    return (await this.request('POST', '/sessions', body)).json;
  }

  /** A session before anybody signs in, when there is something to keep (20 an hour from one source). */
  async beginAsGuest(): Promise<Json> {
    return (await this.request('POST', '/sessions/guest', { transport: 'handle', device_name: this.o.deviceName })).json;
  }

  /** Completes a sign-in. A wrong code is "ask again". */
  async secondFactor(proof: Proof): Promise<Json> {
    return (await this.request('POST', '/session/second-factor', proof)).json;
  }

  /** Fails with LostAnswer when offline: the person is still signed in then, and is to be told so. */
  async signOut(): Promise<void> {
    await this.request('DELETE', '/session').catch((error) => {
      if (!isProblem(error, 'sign in')) throw error; // it was over already
    });
    for (const name of [SESSION, KEY]) await this.alone(() => this.o.store.remove(name));
  }

  /** From now on this device's key can step up. Needs a fresh sign-in. */
  async registerDeviceKey(): Promise<void> {
    const { devices } = (await this.request('GET', '/devices')).json;
    const mine = devices.find(({ current }: Json) => current);
    await this.request('PUT', `/devices/${mine.id}/key`, { public_key: await this.o.deviceKey!.publicJwk() });
    await this.o.store.write(KEY, mine.id);
  }

  /** With transport "token": for other services. */
  async accessToken(): Promise<string> {
    const held = await this.alone(async () => {
      const now = await this.settle();
      return now.refresh && now.until! < Date.now() + 60_000 ? this.refresh(now) : now;
    });
    if (!held.access) throw new Problem(401, { code: 'unauthenticated', detail: 'Nobody is signed in.' }, 0);
    return held.access;
  }

  /** Merges into a flow's data (RFC 7396; null takes a member away), over whatever another device wrote meanwhile. */
  patchFlow(kind: string, patch: (flow: Json) => Json): Promise<Json> {
    return this.writeFlow(kind, (flow) => ({ method: 'PATCH', path: '', body: { data: patch(flow) } }));
  }

  /** Done already, by another device or by a request whose answer was lost, is as good. */
  moveFlow(kind: string, to: string): Promise<Json> {
    return this.writeFlow(kind, (flow) => (flow.step === to ? null : { method: 'POST', path: '/step', body: { to } }));
  }

  private async writeFlow(kind: string, act: (flow: Json) => Asked | null): Promise<Json> {
    for (let tries = 1; ; tries++) {
      const { json: flow, tag } = await this.request('GET', `/flows/${kind}`);
      const asked = act(flow);
      if (!asked) return flow;
      try {
        return (await this.request(asked.method, `/flows/${kind}${asked.path}`, asked.body, { headers: { 'If-Match': tag } })).json;
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'version_mismatch') || tries === 3) throw error;
      }
    }
  }

  /** Any call of the API. once: not to be repeated by itself, such as POST /flows/{kind}/attempts. */
  request(method: string, path: string, body?: Json, more: { headers?: Record<string, string>; once?: boolean } = {}): Promise<Reply> {
    return this.cured({ method, path, body, ...more }, true);
  }

  // Both that a 401 may mean: there is a newer value, or one to be had; or the person has to prove once more who they are.
  private async cured(asked: Asked, maySteps: boolean): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const held = await this.held();
      try {
        if (asked.method === 'GET') return await this.send(held, asked);
        return await this.alone(async () => this.change(await this.settle(), asked));
      } catch (error) {
        if (tries > 3) throw error;
        if (isProblem(error, 'sign in') && await this.hasNewer(held, error)) continue;
        if (isProblem(error, 'step up') && maySteps && await this.stepUp(held, error)) continue;
        throw error;
      }
    }
  }

  // One change at a time, so that nobody looks for a newer value while it is on its way.
  private alone<T>(act: () => Promise<T>): Promise<T> {
    const run = () => (this.o.store.exclusive ? this.o.store.exclusive(act) : act());
    const mine = this.turn.then(run);
    this.turn = mine.catch(() => {});
    return mine;
  }

  // A request that brings a new value is written down before it is sent, so that the next start can repeat it; a password is not.
  private async change(before: Held, asked: Asked): Promise<Reply> {
    const isKept = RENEWING.includes(asked.path) && asked.body !== undefined && !('password' in asked.body);
    if (isKept) await this.save({ ...before, pending: { ...asked, at: Date.now() } });
    try {
      return await this.send(before, asked);
    } catch (error) {
      if (isKept && error instanceof Problem && error.status < 500) await this.save(before);
      throw error;
    }
  }

  // What is held now, after the request whose answer the last run did not live to see was sent again.
  private async settle(): Promise<Held> {
    const { pending, ...before } = await this.held();
    if (!pending) return before;
    try {
      if (Math.abs(Date.now() - pending.at) < REPEATABLE) await this.send(before, pending);
      else await this.save(before);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      await this.save(before);
    }
    return this.held();
  }

  private hasNewer(sent: Held, problem: Problem): Promise<boolean> {
    return this.alone(async () => {
      let now = await this.settle();
      // After "rotated" the refresh token is dead, too, and to use it would look like theft.
      if (now.refresh && valueOf(now) === valueOf(sent) && problem.body.rotated !== true) {
        now = await this.refresh(now).catch((error) => (isProblem(error, 'sign in') ? now : Promise.reject(error)));
      }
      return valueOf(now) !== undefined && valueOf(now) !== valueOf(sent);
    });
  }

  // Alone: a refresh token is good once. A lost answer is asked for with the same one, at once (send).
  private async refresh({ refresh }: Held): Promise<Held> {
    await this.send({}, { method: 'POST', path: '/oauth/token', form: `grant_type=refresh_token&refresh_token=${refresh}` });
    return this.held();
  }

  // One dialog, however many requests ask for it; false: the person would rather not.
  private async stepUp(sent: Held, problem: Problem): Promise<boolean> {
    if (valueOf(await this.held()) !== valueOf(sent)) return true;
    this.steppingUp ??= this.prove(problem.body.methods ?? []).finally(() => {
      this.steppingUp = undefined;
    });
    return this.steppingUp;
  }

  private async prove(methods: string[]): Promise<boolean> {
    const proof = await this.deviceProof(methods) ?? await this.o.ask?.(methods);
    if (!proof) return false;
    await this.cured({ method: 'POST', path: '/session/reauth', body: proof }, false);
    return true;
  }

  private async deviceProof(methods: string[]): Promise<Proof | null> {
    const device_id = await this.o.store.read(KEY);
    if (!this.o.deviceKey || !device_id || !methods.includes('device_key')) return null;
    const { challenge } = (await this.cured({ method: 'POST', path: '/session/challenge', body: { purpose: 'reauth' } }, false)).json;
    return signed(this.o.deviceKey, device_id, challenge);
  }

  // A new value is in the store before the answer is in anybody's hands.
  private async send(held: Held, asked: Asked): Promise<Reply> {
    const credential: Record<string, string> = {};
    if (held.handle) credential['X-Session-Id'] = held.handle;
    else if (held.access && asked.path !== '/sessions') credential.Authorization = `Bearer ${held.access}`;
    const reply = await send(this.o.fetch, this.o.base, credential, asked);
    const { session_handle: handle, access_token: access, refresh_token: refresh, expires_in: seconds } = reply.json;
    if (handle) await this.save({ handle });
    else if (refresh) await this.save({ access, refresh, until: Date.now() + seconds * 1000 });
    return reply;
  }

  private async held(): Promise<Held> {
    return JSON.parse(await this.o.store.read(SESSION) ?? '{}');
  }

  private save(held: Held): Promise<void> {
    return this.o.store.write(SESSION, JSON.stringify(held));
  }

  // The name of this installation: a new sign-in with it ends the former one, so that a lost answer leaves nothing behind.
  private deviceId(): Promise<string> {
    return this.alone(async () => {
      const id = await this.o.store.read(DEVICE) ?? this.o.newId();
      await this.o.store.write(DEVICE, id);
      return id;
    });
  }
}
