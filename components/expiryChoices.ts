/** The choices of an expiry: none, a number of days from now, or a date that the user enters. */
export const EXPIRY_CHOICES = ['never', '1', '7', '30', '90', '365', 'at'] as const;
/** A choice of an expiry. */
export type ExpiryChoice = (typeof EXPIRY_CHOICES)[number];
