import { describeOwnerKeys } from '../../integration/management/ownerKeysContract.ts';
import { startSerialMoto } from '../../support/serialMoto.ts';

describeOwnerKeys('moto', startSerialMoto, 12);
