type GatewayErrorCode =
  'TEMPLATE_UNREADABLE' | 'TEMPLATE_UNSUPPORTED' | 'SYNTH_FAILED' | 'PORT_UNUSABLE' | 'DATA_UNUSABLE';

/** An expected failure of the local gateway. Its message explains how to fix the problem. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
