/** Why the local gateway could not start or serve. */
export type GatewayErrorCode =
  'TEMPLATE_UNREADABLE' | 'TEMPLATE_UNSUPPORTED' | 'SYNTH_FAILED' | 'PORT_UNUSABLE' | 'DATA_UNUSABLE';

/** Every error that the local gateway throws on purpose. The message is one line for whoever started it. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
