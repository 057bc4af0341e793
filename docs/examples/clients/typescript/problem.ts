/* What can go wrong, and what an app does then. */
export type Json = Record<string, any>;

export type Advice = 'fix the program' | 'ask again' | 'sign in' | 'step up' | 'second factor' | 'tell the person'
  | 'read again' | 'start again' | 'wait';

/** Every code. "sign in" and "step up" reach you only where the class Gatepost could not help itself. */
export const ADVICE: Record<string, Advice> = {
  invalid_request: 'fix the program', // problem.body.fields: [{name, reason}]; of a new password the reason is for the person
  ambiguous_credentials: 'fix the program', // a cookie jar was at work beside the handle
  method_not_allowed: 'fix the program',
  not_acceptable: 'fix the program',
  too_large: 'fix the program',
  unsupported_media_type: 'fix the program',
  misdirected_request: 'fix the program', // not the host that the server is configured for
  csrf_failed: 'fix the program', // by cookie only: read GET /session for a new token
  invalid_credentials: 'ask again', // unknown, wrong, locked: nobody is told which
  unauthenticated: 'sign in',
  session_expired: 'sign in',
  invalid_grant: 'sign in', // of a refresh
  reauthentication_required: 'step up', // one of problem.body.methods
  second_factor_required: 'second factor', // one of problem.body.methods, by secondFactor()
  forbidden: 'tell the person',
  not_found: 'tell the person', // not there, or not theirs
  conflict: 'read again',
  version_mismatch: 'read again', // then merge, and repeat with the ETag of what was read
  precondition_required: 'read again', // If-Match was missing
  flow_expired: 'start again',
  code_expired: 'start again',
  cooldown: 'wait', // problem.retryAfter seconds; nothing was taken
  too_many_attempts: 'wait', // until then a right password is not looked at either
  internal: 'wait',
  unavailable: 'wait', // detail says if it may have been done all the same
  temporarily_unavailable: 'wait', // of a refresh
};

/** The server said no. Decide by code or advice; the message is a sentence for the person. */
export class Problem extends Error {
  readonly code: string;
  readonly advice: Advice;

  constructor(readonly status: number, readonly body: Json, readonly retryAfter: number) {
    super(body.detail ?? body.error_description ?? `${status}`);
    this.code = body.code ?? body.error ?? '';
    this.advice = ADVICE[this.code] ?? (status >= 500 ? 'wait' : 'fix the program');
  }
}

/** No answer, twice. It may have been done: look before you do it once more. */
export class LostAnswer extends Error {}

export const isProblem = (error: unknown, advice: Advice): error is Problem => error instanceof Problem && error.advice === advice;
