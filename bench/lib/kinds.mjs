// The kinds of journeys that every configuration here declares.
export const kinds = {
  'flow fund-wallet': { steps: 'start > kyc > otp > done', client_may: 'start > kyc', 'counter.otp': '5, reset 15m', 'counter.resend': '3, cooldown 30s, reset 1h' },
  'flow onboarding': { steps: 'name > address > done', client_may: 'name > address > done' },
  'flow order': { steps: 'basket > pay > done', client_may: 'basket > pay', 'counter.card': '3, reset 1h' },
};
